"""The tables that every contender of the sync bench fills, and their rows ready to be written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from io import BytesIO
from typing import Any, Final, TypeAlias

import asyncpg

Connection: TypeAlias = "asyncpg.Connection[Any]"

TABLES: Final = (
    "customer", "order_header", "order_summary", "order_line_item", "order_address",
    "order_transaction", "order_refund", "fulfillment", "fulfillment_line", "order_return",
    "order_return_line", "fulfillment_daily_summary",
)  # fmt: skip
_OWN: Final = "{written_by,version,stream_pending_version,computed_at,first_seen_at}"
"""Columns that say who wrote a row and when, not what it is."""


async def columns_of(connection: Connection) -> dict[str, dict[str, bool]]:
    """Return the columns of each table, and whether they are its primary key."""
    found = {}
    for table in TABLES:
        rows = await connection.fetch(
            "SELECT a.attname, coalesce(a.attnum = ANY(i.indkey), false) AS is_key"
            " FROM pg_attribute AS a LEFT JOIN pg_index AS i"
            " ON i.indrelid = a.attrelid AND i.indisprimary WHERE a.attrelid = $1::regclass"
            " AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum",
            table,
        )
        found[table] = {row["attname"]: row["is_key"] for row in rows}
    return found


async def as_copied(connection: Connection) -> dict[str, bytes]:
    """Return the rows of each table as COPY wrote and reads them."""
    found = {}
    for table in TABLES:
        content = BytesIO()
        await connection.copy_from_table(table, output=content)
        found[table] = content.getvalue()
    return found


async def as_values(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of each table as dictionaries of Python values."""
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", encoder=json.dumps, decoder=json.loads
    )
    return {
        table: [dict(row) for row in await connection.fetch(f"SELECT * FROM {table}")]
        for table in TABLES
    }


async def fingerprint(connection: Connection) -> Mapping[str, tuple[int, int]]:
    """Return count and checksum of each table's rows, without who wrote them."""
    found = {}
    for table in TABLES:
        row = await connection.fetchrow(
            f"SELECT count(*) AS n, coalesce(sum(hashtextextended((to_jsonb(t) - '{_OWN}'::text[])"
            f"::text, 0)::numeric), 0) AS digest FROM {table} AS t"
        )
        assert row is not None
        found[table] = (row["n"], int(row["digest"]))
    return found
