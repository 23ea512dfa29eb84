"""The stand-in for Pipelines: all three streams, each send accepted whole or refused and why."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from local.edge.streams import stand_in
from starlette.applications import Starlette

from shared.adapters.embedded.journal import Journal
from shared.adapters.embedded.stream import Spool
from shared.ports import JsonObject
from shared.telemetry import EVENTS, Stream

AT = "2026-11-20T12:00:00Z"
COMMON = {"event_id": "evt_1", "occurred_at": AT, "source_version_at": AT}
EXAMPLES: dict[Stream, JsonObject] = {
    "commerce": {
        "event_type": "order_created", "order_id": "ord_1", "currency": "EUR",
        "presentment_currency": "EUR", "amount_minor": str(2**53 + 1),
    },
    "publication": {"event_type": "click", "publisher_id": "pub_1", "item_id": "itm_1"},
    "sync": {
        "event_type": "step_completed", "workflow": "w", "run_id": "run_1", "step": "s",
        "started_at": AT, "duration_ms": 1,
    },
}  # fmt: skip


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with closing(Journal(tmp_path / "journal.sqlite")) as journal:
        yield journal


@pytest.fixture
def http(journal: Journal) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(Starlette(routes=[stand_in(journal)]))
    return httpx.AsyncClient(transport=transport, base_url="http://streams")


def spooled(journal: Journal, stream: Stream) -> list[Any]:
    batch = Spool(journal).claim(stream, events=100, size=10**6)
    lines = b"\n".join(send.lines for send in batch.sends) if batch else b""
    return [json.loads(line) for line in lines.splitlines()]


@pytest.mark.parametrize("stream", EVENTS)
async def test_a_stream_takes_events_as_the_worker_writes_them(
    journal: Journal, http: httpx.AsyncClient, stream: Stream
) -> None:
    answer = await http.post(f"/streams/{stream}", json=[COMMON | EXAMPLES[stream]])
    assert answer.status_code == 204, answer.text
    (event,) = spooled(journal, stream)
    assert event["event_id"] == "evt_1"
    if stream == "commerce":
        assert event["amount_minor"] == 2**53 + 1, "an integer no JavaScript number holds"


@pytest.mark.parametrize(
    ("path", "body", "status", "telling"),
    [
        ("nothing", b"[]", 404, "no such stream"),
        ("sync", b"{", 400, "no JSON"),
        ("sync", b'{"event_id": "evt_1"}', 400, "no array"),
        ("sync", b"[1]", 400, "no array"),
        ("sync", json.dumps([COMMON]).encode(), 400, "workflow"),
    ],
)
async def test_what_is_refused_says_why(
    http: httpx.AsyncClient, path: str, body: bytes, status: int, telling: str
) -> None:
    answer = await http.post(f"/streams/{path}", content=body)
    assert answer.status_code == status
    assert telling in answer.json()["error"]


async def test_one_bad_event_refuses_the_whole_send(
    journal: Journal, http: httpx.AsyncClient
) -> None:
    good = COMMON | EXAMPLES["sync"]
    answer = await http.post("/streams/sync", json=[good, good | {"surprise": 1}])
    assert answer.status_code == 400
    assert spooled(journal, "sync") == []
