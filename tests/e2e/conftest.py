"""The fixture `target`: the platform that a scenario runs against, one for the session."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import pytest_asyncio

from tests.e2e.edge_target import EdgeTarget, why_not
from tests.e2e.flows import refresh, sync
from tests.e2e.local_target import LocalTarget
from tests.e2e.running_target import RunningTarget
from tests.e2e.target import Target


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def target(pytestconfig: pytest.Config) -> AsyncIterator[Target]:
    """The platform with a small shop, synced and measured; `--target` says which."""
    kind: type[RunningTarget] = LocalTarget
    if pytestconfig.getoption("target") == "edge":
        kind = EdgeTarget
        if reason := why_not():
            pytest.skip(reason)
    with TemporaryDirectory(prefix="e2e-") as directory:
        running = kind(Path(directory))
        try:
            await running.start()
            await sync(running)
            await refresh(running)
            yield running
        finally:
            await running.stop()
