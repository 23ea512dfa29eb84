"""The suite of `EventStream` over the journal, the lander and a real Iceberg table."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from shared.adapters.lake.schemas import INGEST_TS
from shared.ports import JsonObject
from tests.contract.suites import event_stream as suite
from tests.contract.suites.event_stream import EventStreamSubject
from tests.fixtures.lake import Lake


@pytest.mark.parametrize("case", suite.CASES, ids=lambda case: case.__name__)
async def test_embedded(case: Callable[[EventStreamSubject], Awaitable[None]], lake: Lake) -> None:
    async def landed() -> list[JsonObject]:
        await lake.lander.flush()
        rows = lake.catalog.load_table("commerce.telemetry").scan().to_arrow()
        return rows.drop_columns([INGEST_TS]).to_pylist()

    await case(EventStreamSubject(lake.commerce, landed))
