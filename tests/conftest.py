"""Fixtures shared by every tier live in tests/fixtures, one file per part of the system."""

pytest_plugins = [
    "tests.fixtures.lake",
    "tests.fixtures.measurement",
    "tests.fixtures.postgres",
    "tests.fixtures.shopify",
    "tests.fixtures.bulk_sync",  # after the shop that it imports
    "tests.fixtures.webhooks",
    "tests.fixtures.staff_api",
    "tests.fixtures.platform_api",
    "tests.fixtures.workflow_runs",
    "tests.fixtures.assets",  # after the runs and the shop that it imports
    "tests.fixtures.edge",  # last: it builds on the others
]
