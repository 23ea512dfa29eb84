"""The rules of the schema: TEXT keys, no code in the database, every table explained."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg
import pytest
from local.postgres import MIGRATIONS, dbmate, migrate
from local.schema_file import schema_of

FILES = sorted(MIGRATIONS.glob("2*.sql"))
SCHEMA_DOC = Path(__file__).parents[2] / "docs" / "schema.md"
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
_COMMENT = re.compile(r"^-- (?P<comment>[^\n]+)\nCREATE TABLE (?P<table>\w+) \(", re.MULTILINE)
_PREFIXED = re.compile(r"\d{14}_[a-z_]+\.sql\Z")


async def tables_of(url: str) -> list[str]:
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(_TABLES)
    finally:
        await connection.close()
    return [row["tablename"] for row in rows if row["tablename"] != "schema_migrations"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
class TestFiles:
    """What each migration file has and has not."""

    def test_is_named_by_time_and_subject(self, path: Path) -> None:
        assert _PREFIXED.match(path.name)

    def test_bounds_its_locks_and_statements(self, path: Path) -> None:
        up, down = path.read_text().split("-- migrate:down")
        for direction in (up, down):
            assert "SET LOCAL lock_timeout = '4s';" in direction
            assert "SET LOCAL statement_timeout = '60s';" in direction

    def test_puts_no_logic_into_the_database(self, path: Path) -> None:
        text = path.read_text().upper()
        for word in ("REFERENCES", "FOREIGN KEY", "FUNCTION", "PROCEDURE", "TRIGGER", "DO $$"):
            assert word not in text, word

    def test_says_of_each_table_what_a_row_is(self, path: Path) -> None:
        text = path.read_text()
        explained = {found["table"]: found["comment"] for found in _COMMENT.finditer(text)}
        created = re.findall(r"CREATE TABLE (\w+)", text)
        assert created == list(explained)
        for table, comment in explained.items():
            escaped = comment.replace("'", "''")
            assert f"COMMENT ON TABLE {table} IS '{escaped}';" in text


def test_versions_are_unique() -> None:
    versions = [path.name[:14] for path in FILES]
    assert len(set(versions)) == len(versions)


async def test_primary_keys_are_text(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    rows = await connection.fetch(
        "SELECT c.relname, array_agg(format_type(a.atttypid, a.atttypmod)) AS types"
        " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary"
        " LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY(i.indkey)"
        " WHERE n.nspname = 'public' AND c.relkind = 'r' AND c.relname <> 'schema_migrations'"
        " GROUP BY c.relname"
    )
    await connection.close()
    assert {row["relname"]: row["types"] for row in rows} == {
        row["relname"]: ["text"] for row in rows
    }


async def test_up_down_up_makes_the_same_schema(
    new_database: Callable[[], Awaitable[str]],
) -> None:
    url = await new_database()
    assert schema_of(url) == (MIGRATIONS / "schema.sql").read_text(), (
        "run `python -m local.schema_file`"
    )
    for _ in FILES:
        dbmate(url, "down")
    assert await tables_of(url) == []
    migrate(url)
    assert schema_of(url) == (MIGRATIONS / "schema.sql").read_text()


async def test_the_documentation_lists_every_table(database_url: str) -> None:
    listed = re.findall(r"^\| `(\w+)` \|", SCHEMA_DOC.read_text(), re.MULTILINE)
    assert sorted(listed) == await tables_of(database_url)
    assert len(set(listed)) == len(listed)
