"""The suite of `Watermarks` over the embedded adapter."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from shared.adapters.embedded.journal import Journal
from shared.adapters.embedded.watermarks import JournalWatermarks
from shared.clock import SystemClock
from shared.ports import Watermarks
from tests.contract.suites import watermarks as suite


@pytest.fixture
async def port(tmp_path: Path) -> AsyncIterator[Watermarks]:
    journal = Journal(tmp_path / "journal.sqlite")
    yield JournalWatermarks(journal, clock=SystemClock())
    journal.close()


@pytest.mark.parametrize("case", suite.CASES, ids=lambda case: case.__name__)
async def test_embedded(case: Callable[[Watermarks], Awaitable[None]], port: Watermarks) -> None:
    await case(port)
