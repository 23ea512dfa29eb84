"""Fixtures shared by every tier live in tests/fixtures, one file per part of the system."""

import os

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
    "tests.fixtures.engagement",
    "tests.fixtures.workflow_runs",
    "tests.fixtures.assets",  # after the runs and the shop that it imports
    "tests.fixtures.edge",  # last: it builds on the others
]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let scenarios run on the Workers in workerd: `--target edge`, or `E2E_TARGET=edge`."""
    parser.addoption(
        "--target",
        choices=("local", "edge"),
        default=os.environ.get("E2E_TARGET") or "local",
        help="what the scenarios of tests/e2e run against",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep a file's tests in one process.

    All that assembles `build/` counts as one file, and so does all that shares the one platform.
    """
    target = config.getoption("target")
    if target not in {"local", "edge"}:
        raise pytest.UsageError(f"E2E_TARGET is {target!r}; it may be local or edge")
    if target == "edge":
        _leave_out(config, items)
    for item in items:
        tier = item.path.relative_to(item.config.rootpath / "tests").parts[0]
        group = "edge" if tier in {"wasm", "architecture"} else str(item.path)
        if "target" in getattr(item, "fixturenames", ()):
            group = "target"
        item.add_marker(pytest.mark.xdist_group(group))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests recorded for the log, whichever process they ran in."""
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            for name, value in report.user_properties if report.when == "call" else ():
                if name == "log":
                    terminalreporter.write_line(str(value))


def _leave_out(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect what does not run against a target: it would only test the local side again."""
    others = [item for item in items if "target" not in getattr(item, "fixturenames", ())]
    config.hook.pytest_deselected(items=others)
    items[:] = [item for item in items if item not in others]
