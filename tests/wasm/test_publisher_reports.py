"""A publisher reads its engagement on the edge: from the lake through ingest, and live counts."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from local.iceberg_rest import CatalogServer
from local.lander import Lander
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shared.adapters.embedded.journal import Journal
from shared.adapters.embedded.stream import SpooledStream
from shared.adapters.lake.catalog import load_catalog
from tests.fixtures.edge import ANALYTICS
from tests.fixtures.engagement import impression
from tests.wasm.bridge import Loopback
from tests.wasm.edge_worker import Answer
from tests.wasm.test_engagement import Site, site
from tests.wasm.test_measured_workflows import lake, measurement

__all__ = ["lake", "measurement", "site"]
REPORT = "/v1/publisher/engagement"
COUNTERS = "/v1/publisher/counters"
CLOUDFLARE = "https://api.cloudflare.com"


def read(site: Site, path: str) -> Answer:
    """Read as the publisher's server."""
    return site.get(path, **{"X-Api-Key": site.secret_key})


def land(events: list[dict[str, Any]], lake: CatalogServer, journal: Path) -> None:
    """Land what the stream has accepted, one of it twice, as Pipelines may."""

    async def landed(kept: Journal) -> int:
        stream = SpooledStream(kept, "publication")
        await stream.send(events)
        await stream.send(events[:1])
        with closing(load_catalog(lake.url, lake.warehouse, lake.token)) as catalog:
            return await Lander(kept, catalog).flush()

    with closing(Journal(journal)) as kept:
        assert asyncio.run(landed(kept)) == len(events) + 1


@pytest.mark.usefixtures("measurement")
def test_a_report_comes_from_the_lake_through_ingest(
    site: Site, lake: CatalogServer, tmp_path: Path
) -> None:
    before = len(site.events)
    first, second = site.items
    posted = site.post(
        impression(first),
        impression(first),
        impression(second),
        {"type": "click", "item_id": first},
    )
    assert posted.json()["accepted"] == 4, posted.body
    assert site.get(f"/v1/r/{second}", **{"User-Agent": "Googlebot/2.1"}).status == 302
    land(site.events[before:], lake, tmp_path / "journal.sqlite")
    by_item = read(site, f"{REPORT}?group_by=item")
    assert by_item.status == 200, by_item.body
    names = ("key", "clicks", "impressions", "not_by_persons")
    assert [tuple(row[name] for name in names) for row in by_item.json()["items"]] == [
        (first, 1, 2, 0), (second, 0, 1, 1),
    ]  # fmt: skip
    with site.edge.without("INGEST"):
        assert read(site, f"{REPORT}?group_by=item").body == by_item.body  # KV has it
        away = read(site, REPORT)
    assert (away.status, away.headers["retry-after"]) == (503, "60"), away.body
    assert read(site, REPORT).json()["total"] == by_item.json()["total"]
    assert site.get(REPORT, **{"X-Api-Key": site.key}).status == 401


class SqlApi:
    """Answers as the SQL API of Analytics Engine does, with numbers as text."""

    def __init__(self, items: list[str]) -> None:
        self.items, self.status = items, 200
        self.asked: list[tuple[str, str]] = []
        path = "/client/v4/accounts/account-1/analytics_engine/sql"
        self.app = Starlette(routes=[Route(path, self._answer, methods=["POST"])])

    async def _answer(self, request: Request) -> Response:
        self.asked.append((request.headers["authorization"], (await request.body()).decode()))
        rows = [
            {"blob1": item, **{f"double{n}": str(float(n * place)) for n in range(1, 21)}}
            for place, item in enumerate(self.items)
        ]
        return JSONResponse({"data": rows, "rows": len(rows)}, self.status)


@pytest.fixture
def analytics(site: Site) -> Iterator[SqlApi]:
    """The SQL API where the Worker looks for it."""
    api = SqlApi(site.items)
    with Loopback(api.app) as served, site.edge.rerouted(CLOUDFLARE, served.url):
        yield api


def test_live_counts_are_asked_of_analytics_engine(site: Site, analytics: SqlApi) -> None:
    since = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)
    answer = read(site, f"{COUNTERS}?since={since:%Y-%m-%dT%H:%M:%SZ}")
    assert answer.status == 200, answer.body
    first, second = site.items
    assert answer.json()["items"] == [
        {"item_id": item, "clicks": n, "impressions": 2 * n, "views": 3 * n, "engagements": 4 * n,
         "conversions": 5 * n} for item, n in ((second, 1), (first, 0))
    ]  # fmt: skip
    assert answer.json()["total"] == {
        "clicks": 1, "impressions": 2, "views": 3, "engagements": 4, "conversions": 5
    }  # fmt: skip
    [(authorization, query)] = analytics.asked
    [publication] = site.rows("SELECT publisher_id FROM publication_item i JOIN publication p"
                              " ON p.id = i.publication_id WHERE i.id = $1", first)  # fmt: skip
    assert authorization == f"Bearer {ANALYTICS}"
    assert query.endswith(
        f" FROM publication_counters_dev WHERE index1 = '{publication['publisher_id']}'"
        f" AND timestamp >= toDateTime('{since:%Y-%m-%d %H:%M:%S}') GROUP BY blob1"
    )
    assert site.get(COUNTERS, **{"X-Api-Key": site.key}).status == 401
    assert len(analytics.asked) == 1
    analytics.status = 500
    away = read(site, COUNTERS)
    assert (away.status, away.json()["type"]) == (503, "urn:problem:unavailable")
