"""What the bridge cannot take never reaches it: large bodies, methods that it does not know."""

import json
from typing import Any

import pytest

from tests.fixtures.edge import Surroundings
from tests.wasm.edge_worker import ROOT, EdgeWorker

MIB = 1024 * 1024
LARGE = 24 * MIB
GROWN = 4.0
"""MiB that the heap may grow while a body is refused."""


@pytest.fixture
def edges(
    dashboard_edge: EdgeWorker, ingest_edge: EdgeWorker, platform_edge: EdgeWorker
) -> dict[str, tuple[EdgeWorker, str]]:
    return {
        "dashboard": (dashboard_edge, "/api/orders/lookup"),
        "events": (platform_edge, "/v1/events"),
        "ingest": (ingest_edge, "/webhooks/shopify"),
        "platform": (platform_edge, "/oauth/token"),
    }


@pytest.mark.parametrize("name", ["dashboard", "events", "ingest", "platform"])
@pytest.mark.parametrize("declared", [True, False])
def test_a_large_body_is_refused_unread(
    edges: dict[str, tuple[EdgeWorker, str]], name: str, declared: bool
) -> None:
    edge, path = edges[name]
    headers = {"Content-Type": "application/json"}
    asked: dict[str, Any] = {"method": "POST", "headers": headers, "body": "x" * 100}
    before = edge.fetch(f"https://worker{path}", **asked).heap
    asked["body"] = "x" * LARGE
    asked["headers"] = headers | ({"Content-Length": str(LARGE)} if declared else {})
    answer = edge.fetch(f"https://worker{path}", **asked)
    assert answer.status in ({401, 413} if name == "dashboard" else {413}), answer.body
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.heap - before < GROWN


@pytest.mark.parametrize("name", ["dashboard", "events", "ingest", "platform"])
@pytest.mark.parametrize("method", ["PROPFIND", "QUERY", "PURGE"])
def test_an_unknown_method_is_not_allowed(
    edges: dict[str, tuple[EdgeWorker, str]], name: str, method: str
) -> None:
    edge, path = edges[name]
    answer = edge.fetch(f"https://worker{path}", method=method)
    assert (answer.status, answer.json()["instance"]) == (405, path)
    assert "POST" in answer.headers["allow"]
    assert answer.headers["x-request-id"] == answer.json()["request_id"]


def test_a_timeout_that_was_not_needed_leaves_no_timer(
    ingest_edge: EdgeWorker, surroundings: Surroundings
) -> None:
    assert surroundings
    ingest_edge.add(ROOT / "tests" / "wasm" / "asked_timers.py")
    found = ingest_edge.python("tests.wasm.asked_timers")
    assert json.dumps(found["called"]) == '["called"]'
    assert (found["left"], found["timed_out"], found["at_last"]) == (0, True, 0)
