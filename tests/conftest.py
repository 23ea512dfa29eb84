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


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name a function by its name: its address differs between the processes of one run."""
    return getattr(val, "__name__", None) if callable(val) else None
