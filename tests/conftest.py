"""Fixtures shared by every tier live in tests/fixtures, one file per part of the system."""

import pytest

pytest_plugins = [
    "tests.fixtures.lake",
    "tests.fixtures.measurement",
    "tests.fixtures.postgres",
    "tests.fixtures.shopify",
    "tests.fixtures.bulk_sync",  # after the shop that it imports
    "tests.fixtures.webhooks",
    "tests.fixtures.commissions",
    "tests.fixtures.staff_api",
    "tests.fixtures.platform_api",
    "tests.fixtures.workflow_runs",
    "tests.fixtures.assets",  # after the runs and the shop that it imports
    "tests.fixtures.edge",  # last: it builds on the others
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep a file's tests in one process.

    All that assembles `build/` counts as one file, and so does all that shares the one platform.
    """
    for item in items:
        tier = item.path.relative_to(item.config.rootpath / "tests").parts[0]
        group = "edge" if tier in {"wasm", "architecture"} else str(item.path)
        if "target" in getattr(item, "fixturenames", ()):
            group = "target"
        item.add_marker(pytest.mark.xdist_group(group))
