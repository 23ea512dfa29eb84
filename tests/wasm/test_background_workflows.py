"""Imports, exports and tag sync on the edge: queued, run by the engine, answered by ingest."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.clock import format_instant
from shared.combos.csv_columns import EXPORT_COLUMNS, combo_cells
from shared.combos.models import ComboReport
from shared.csv_text import csv_lines, read_rows
from tests.wasm.edge_worker import EdgeWorker

ROOT = Path(__file__).parents[2]
ENDED = ("complete", "errored", "terminated")
REPORTS = [
    ComboReport(title="=1+1", tags=["Blue", 'say "hi"'], notes="one\r\ntwo"),
    ComboReport(title="Grüße \U0001f600", tags=["a;b", "x" * 255], status="live"),
]
CSV = csv_lines([EXPORT_COLUMNS, *map(combo_cells, REPORTS)])


def ended(ports: Callable[..., Any], workflow: str, run_id: str, seconds: float = 300) -> Any:
    """Wait for the end of a run and return what the engine says of it."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        status = ports("workflows.status", workflow, run_id)
        if status is not None and status["state"] in ENDED:
            return status
        time.sleep(1)
    pytest.fail(f"{workflow}/{run_id} did not end")


def internal(edge: EdgeWorker, path: str) -> Any:
    answer = edge.fetch(f"http://ingest{path}", entrypoint="Internal")
    assert answer.status == 200, answer.body
    return answer.json()


def test_combos_are_imported_and_exported_unchanged(
    ingest_edge: EdgeWorker, ports: Callable[..., Any]
) -> None:
    job = {"job_type": "COMBO_IMPORT", "run_id": "edge-import", "import_id": "mda_" + "a" * 32}
    for _ in range(2):  # delivered twice, run once
        ports("queue.send", {**job, "csv": CSV})
    assert ended(ports, "combo-import", "edge-import")["state"] == "complete"
    run = internal(ingest_edge, "/runs/edge-import")
    assert (run["status"], run["outcome"], run["created"]) == ("complete", "done", 2)
    export_id = "mda_" + "b" * 32
    export = {"job_type": "DOCUMENT_ARTIFACT_GENERATE", "export_id": export_id, "kind": "combos"}
    ports("queue.send", {**export, "run_id": "edge-export"})
    assert ended(ports, "csv-export", "edge-export")["state"] == "complete"
    body = ports("objects.get", f"exports/csv/{export_id}.csv")
    text = body.encode() if isinstance(body, str) else bytes(body)
    found = {tuple(row.cells) for row in read_rows(text)}
    assert found == {tuple(row.cells) for row in read_rows(CSV.encode())}
    assert ports("objects.list", prefix="exports/parts/")["objects"] == []


def test_tags_of_every_product_are_read(ingest_edge: EdgeWorker, ports: Callable[..., Any]) -> None:
    ports("queue.send", {"job_type": "PRODUCT_TAG_SYNC", "run_id": "edge-tags"})
    status = ended(ports, "product-tag-sync", "edge-tags")
    assert status["state"] == "complete", status
    run = internal(ingest_edge, "/runs/edge-tags")
    assert run["status"] == "complete"
    assert run["rows_written"] == run["archive"]["roots"] > 0


def test_a_backfill_loads_a_window(ingest_edge: EdgeWorker, ports: Callable[..., Any]) -> None:
    job = {"job_type": "BACKFILL_START", "run_id": "edge-backfill", "object": "products"}
    since = format_instant(datetime.now(UTC) - timedelta(days=30))
    ports("queue.send", {**job, "since": since})
    status = ended(ports, "backfill", "edge-backfill")
    assert status["state"] == "complete", status
    run = internal(ingest_edge, "/runs/edge-backfill")
    assert (run["status"], run["windows"], run["windows_left"]) == ("complete", 1, 0)


def test_states_and_dead_letters_are_shown(
    ingest_edge: EdgeWorker, ports: Callable[..., Any]
) -> None:
    states = {s["workflow"]: s for s in internal(ingest_edge, "/workflows")["workflows"]}
    assert states["combo-import"]["engine"]["state"] == "complete"
    steps = internal(ingest_edge, "/runs/edge-import/steps")
    assert steps["steps"] is None  # nothing listens at MEASUREMENT_URL
    ports("queue.send", {"job_type": "NO_SUCH_JOB", "run_id": "edge-dead"})
    deadline = time.monotonic() + 180
    mine: list[Any] = []
    while not mine and time.monotonic() < deadline:
        letters = internal(ingest_edge, "/dead-letters")["letters"]
        mine = [found for found in letters if found["message"]["run_id"] == "edge-dead"]
        time.sleep(0.2)
    (letter,) = mine
    path = f"http://ingest/dead-letters/{letter['day']}/{letter['id']}"
    replay = ingest_edge.fetch(f"{path}/replay", entrypoint="Internal", method="POST")
    assert replay.status == 422, replay.body
    dropped = ingest_edge.fetch(path, entrypoint="Internal", method="DELETE")
    assert dropped.status == 200, dropped.body
