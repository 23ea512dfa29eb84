"""The Durable Object that owns the measurement container, and the client that asks it."""

from pathlib import Path
from typing import Any

from measurement.jobs import PATIENCE

from tests.wasm.edge_worker import EdgeWorker

ROOT = Path(__file__).parents[2]
START = ["start", "8080", "measurement-token", True]
IDLE = ["setInactivityTimeout", "number", 15 * 60 * 1000]
WELL = [200, "8080 POST {}"]


def ask(
    edge: EdgeWorker,
    *,
    requests: int = 1,
    closed: int = 0,
    refusals: int = 0,
    running: bool = False,
    stopped_before: tuple[int, ...] = (),
) -> Any:
    edge.add(ROOT / "tests" / "wasm" / "asked_container.py")
    container = {"closed": closed, "refusals": refusals, "running": running}
    return edge.python(
        "tests.wasm.asked_container",
        {"container": container, "requests": requests, "stopped_before": stopped_before},
    )


def test_it_is_started_once_and_told_when_to_stop(ingest_edge: EdgeWorker) -> None:
    asked = ask(ingest_edge, requests=3, closed=2)
    assert asked == {"answers": [WELL] * 3, "calls": [START, IDLE]}


def test_one_that_stopped_is_started_and_told_again(ingest_edge: EdgeWorker) -> None:
    asked = ask(ingest_edge, requests=3, stopped_before=(1,))
    assert asked == {"answers": [WELL] * 3, "calls": [START, IDLE, START, IDLE]}


def test_one_that_another_object_has_started_is_told_too(ingest_edge: EdgeWorker) -> None:
    asked = ask(ingest_edge, requests=2, running=True)
    assert asked == {"answers": [WELL] * 2, "calls": [IDLE]}


def test_an_idle_time_that_is_not_taken_fails_nothing_and_is_told_again(
    ingest_edge: EdgeWorker,
) -> None:
    asked = ask(ingest_edge, requests=3, refusals=1)
    assert asked == {"answers": [WELL] * 3, "calls": [START, IDLE, IDLE]}


def test_the_client_has_time_for_a_cold_start_and_a_job(ingest_edge: EdgeWorker) -> None:
    ingest_edge.add(ROOT / "tests" / "wasm" / "asked_container.py")
    found = ingest_edge.python("tests.wasm.asked_container")
    assert found["waits"] >= found["cold_start"] + PATIENCE.total_seconds() + 10
