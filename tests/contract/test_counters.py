"""The suite of `Counters` over the embedded adapter."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from shared.adapters.embedded.counters import JournalCounters
from shared.adapters.embedded.journal import Journal
from shared.clock import SystemClock
from shared.ports import Counters
from tests.contract.suites import counters as suite


@pytest.fixture
async def port(tmp_path: Path) -> AsyncIterator[Counters]:
    journal = Journal(tmp_path / "journal.sqlite")
    yield JournalCounters(journal, clock=SystemClock())
    journal.close()


@pytest.mark.parametrize("case", suite.CASES, ids=lambda case: case.__name__)
async def test_embedded(case: Callable[[Counters], Awaitable[None]], port: Counters) -> None:
    await case(port)
