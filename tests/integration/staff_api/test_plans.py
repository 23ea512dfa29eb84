"""No list of the staff API reads a large table from end to end: the plans of what it asks."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, Final, LiteralString

import pytest

from shared.adapters.embedded.database import AsyncpgDatabases
from shared.ports import Database, Databases, Row
from tests.fixtures.staff_api import StaffApi

ROWS: Final = 12_000
"""As many orders, products, lines, tags and artifacts: enough for the planner to mind."""
LARGE_SHOP: Final = Path(__file__).parents[2] / "fixtures" / "large_shop.sql"
LARGE: Final = frozenset(
    {
        "order_header", "order_line_item", "fulfillment", "product", "link_product_tag",
        "macrodata_artifact",
    }
)  # fmt: skip
READS: Final = (
    ("GET", "/api/products", None),
    ("GET", "/api/products?text=lamp&is_active=true", None),
    ("GET", "/api/products?tag=tag%207", None),
    ("GET", "/api/products/prd_7", None),
    ("GET", "/api/fulfillment-daily-summary", None),
    ("POST", "/api/orders/lookup", {"names": ["#7"], "numbers": [8], "limit": 5}),
    ("POST", "/api/orders/lookup", {"email_hashes": ["0" * 64]}),
    ("POST", "/api/orders/lookup", {"gids": ["gid://shopify/Order/9"]}),
    ("GET", "/api/combo-logs?limit=20", None),
    ("GET", "/api/combo-templates", None),
    ("GET", "/api/combo-suggestions", None),
    ("GET", "/api/csv/exports", None),
    ("GET", "/api/assets/prd_7", None),
    ("GET", "/api/assets/status/prd_7", None),
    ("GET", "/api/tag-groups", None),
    ("GET", "/api/publishers", None),
    ("GET", "/api/publications", None),
    ("GET", "/api/commissions", None),
)
Asked = list[tuple[LiteralString, tuple[object, ...]]]


class Recording:
    """A connection that keeps what it was asked."""

    def __init__(self, inner: Database, asked: Asked) -> None:
        self._inner = inner
        self._asked = asked

    async def fetch_all(self, sql: LiteralString, /, *args: object) -> Sequence[Row]:
        self._asked.append((sql, args))
        return await self._inner.fetch_all(sql, *args)

    async def fetch_one(self, sql: LiteralString, /, *args: object) -> Row | None:
        self._asked.append((sql, args))
        return await self._inner.fetch_one(sql, *args)

    async def fetch_value(self, sql: LiteralString, /, *args: object) -> Any:
        self._asked.append((sql, args))
        return await self._inner.fetch_value(sql, *args)

    async def execute(self, sql: LiteralString, /, *args: object) -> int:
        return await self._inner.execute(sql, *args)

    def transaction(self) -> AbstractAsyncContextManager[None]:
        return self._inner.transaction()


class RecordingDatabases:
    """Opens recorded connections."""

    def __init__(self, inner: Databases) -> None:
        self._inner = inner
        self.asked: Asked = []

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Database]:
        async with self._inner.open() as db:
            yield Recording(db, self.asked)


def scanned(plan: dict[str, Any]) -> Iterator[str]:
    """Yield the large tables that a plan reads from end to end."""
    if plan["Node Type"] == "Seq Scan" and plan["Relation Name"] in LARGE:
        yield plan["Relation Name"]
    for child in plan.get("Plans", ()):
        yield from scanned(child)


@pytest.mark.slow
async def test_lists_read_by_index(staff_api: StaffApi, databases: AsyncpgDatabases) -> None:
    recording = RecordingDatabases(databases)
    async with databases.open() as db:
        for statement in LARGE_SHOP.read_text().split(";\n"):
            await db.execute(statement, ROWS)
        await db.execute("ANALYZE")
        staff_api.configure(databases=recording)
        for method, path, body in READS:
            recording.asked.clear()
            answer = await staff_api.http.request(method, path, json=body)
            assert answer.status_code == 200, (path, answer.text)
            assert recording.asked, path
            for sql, args in recording.asked:
                plan = await db.fetch_value("EXPLAIN (FORMAT JSON) " + sql, *args)
                root = (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]
                assert list(scanned(root)) == [], (path, sql)
