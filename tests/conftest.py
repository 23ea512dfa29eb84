"""Fixtures shared by every tier live in tests/fixtures, one file per part of the system."""

import os
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

_SHARING = ("e2e", "wasm")
"""Tiers whose tests share one platform, which is started once; and the longest, so the first."""
_OF_THEIR_OWN = frozenset(
    f"test_{name}.py"
    for name in ("command_line", "demo", "orders_csv", "sigkill", "smoke", "workers")
)
"""Files of those tiers that start a platform of their own, each by itself."""

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
    """Leave out what the target asked for does not run; begin with what takes long."""
    items.sort(key=lambda item: _tier_and_file(item.nodeid)[0] not in _SHARING)
    target = config.getoption("target")
    if target not in {"local", "edge"}:
        raise pytest.UsageError(f"E2E_TARGET is {target!r}; it may be local or edge")
    if target == "edge":
        _leave_out(config, items)


class _ByFile(LoadScopeScheduling):
    """Keeps a file's tests in one process, and so all that share the one platform.

    The groups of `--dist loadgroup` need an attribute that pytest 9.2 no longer has.
    """

    def _split_scope(self, nodeid: str) -> str:
        tier, file = _tier_and_file(nodeid)
        return tier if tier in _SHARING and Path(file).name not in _OF_THEIR_OWN else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Share the tests between processes by what they share."""
    return _ByFile(config, log)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests recorded for the log, whichever process they ran in."""
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            for name, value in report.user_properties if report.when == "call" else ():
                if name == "log":
                    terminalreporter.write_line(str(value))


def _tier_and_file(nodeid: str) -> tuple[str, str]:
    file = nodeid.split("::", 1)[0]
    return Path(file).parts[1], file


def _leave_out(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect what does not run against a target: it would only test the local side again."""
    others = [item for item in items if "target" not in getattr(item, "fixturenames", ())]
    config.hook.pytest_deselected(items=others)
    items[:] = [item for item in items if item not in others]
