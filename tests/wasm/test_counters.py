"""Counters on Analytics Engine: the real binding takes the points; the SQL is as its API has it."""

from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.wasm.bridge import Loopback
from tests.wasm.edge_worker import EdgeError, EdgeWorker

ROOT = Path(__file__).parents[2]
SINCE = "2026-11-20T12:00:00+02:00"


class SqlApi:
    """Keeps what it is asked and answers with one row, as the API does: numbers as text."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str]] = []
        self.status = 200
        self.app = Starlette(routes=[Route("/{account}/sql", self._answer, methods=["POST"])])

    async def _answer(self, request: Request) -> Response:
        query = (await request.body()).decode()
        account = request.path_params["account"]
        self.asked.append((account, request.headers["authorization"], query))
        row = {"blob1": "item-a", **{f"double{n}": str(n * 1.5) for n in range(1, 21)}}
        return JSONResponse({"data": [row], "rows": 1}, self.status)


def ask(edge: EdgeWorker, url: str, **changes: Any) -> Any:
    edge.add(ROOT / "tests" / "wasm" / "asked_counters.py")
    points = [["index-1", ["item-a", "x"], [1.0, 2.0]], ["index-1", ["b"] * 21, [1.0] * 21]]
    asked = {"api": url + "/{account}/sql", "points": points, "since": SINCE, "index": "index-1"}
    return edge.python("tests.wasm.asked_counters", {**asked, **changes})


def test_points_are_written_and_totals_asked_for(platform_edge: EdgeWorker) -> None:
    api = SqlApi()
    with Loopback(api.app) as served:
        totals = ask(platform_edge, served.url)
    assert totals == {"item-a": [n * 1.5 for n in range(1, 21)]}
    [(account, authorization, query)] = api.asked
    assert (account, authorization) == ("account-1", "Bearer analytics-token")
    assert query.startswith("SELECT blob1, SUM(_sample_interval * double1) AS double1, ")
    assert query.endswith(
        " FROM publication_counters_dev WHERE index1 = 'index-1'"
        " AND timestamp >= toDateTime('2026-11-20 10:00:00') GROUP BY blob1"
    )


@pytest.mark.parametrize("index", ["", "it's", "a b", "x" * 97, "a'; DROP TABLE b"])
def test_an_index_that_is_none_never_reaches_the_sql(platform_edge: EdgeWorker, index: str) -> None:
    with pytest.raises(EdgeError, match="InvalidInput"):
        ask(platform_edge, "http://127.0.0.1:1", index=index)


def test_an_api_that_fails_is_unavailable(platform_edge: EdgeWorker) -> None:
    api = SqlApi()
    api.status = 500
    with Loopback(api.app) as served, pytest.raises(EdgeError, match="Unavailable"):
        ask(platform_edge, served.url)
