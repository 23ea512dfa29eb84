"""The embedded server: starts, is found again, keeps its data, and says plainly why it cannot."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from local.postgres import PostgresServer, migrate, start_postgres

from shared.errors import Unavailable


@pytest.fixture
def directory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="postgres-") as name:
        yield Path(name) / "state" / "postgres"


async def value(server: PostgresServer, sql: str) -> object:
    connection = await asyncpg.connect(server.url)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def test_starts_is_reused_stops_and_keeps_its_rows(directory: Path) -> None:
    first = start_postgres(directory)
    try:
        migrate(first.url)
        assert await value(first, "SELECT current_setting('fsync')") == "on"
        assert await value(first, "INSERT INTO customer VALUES ('cus_1') RETURNING id") == "cus_1"
        second = start_postgres(directory)
        assert second.url == first.url
        assert (first.started_here, second.started_here) == (True, False)
        first.stop()
        with pytest.raises(OSError):  # noqa: PT011 - any way of not being reachable
            await value(first, "SELECT 1")
        third = start_postgres(directory)
        assert third.started_here
        migrate(third.url)
        assert await value(third, "SELECT count(*) FROM customer") == 1
    finally:
        start_postgres(directory).stop()


async def test_a_stale_pid_file_does_not_hinder(directory: Path) -> None:
    server = start_postgres(directory, throwaway=True)
    pid_file = directory / "cluster" / "postmaster.pid"
    left_behind = pid_file.read_text()
    server.stop()
    pid_file.write_text("\n".join(["999999999", *left_behind.splitlines()[1:]]))
    again = start_postgres(directory, throwaway=True)
    try:
        assert again.started_here
        migrate(again.url)
        assert await value(again, "SELECT 1") == 1
    finally:
        again.stop()


def test_the_password_is_kept_private(postgres_server: PostgresServer) -> None:
    assert postgres_server.cluster is not None
    password = postgres_server.cluster.parent / "password"
    assert password.stat().st_mode & 0o077 == 0
    assert password.read_text() not in repr(PostgresServer("url", password=password.read_text()))


def test_an_external_database_is_neither_started_nor_stopped(directory: Path) -> None:
    server = start_postgres(directory, url="postgres://elsewhere/db")
    server.stop()
    assert server.url == "postgres://elsewhere/db"
    assert not directory.exists()


class TestRefusals:
    """One line says what is wrong."""

    def test_a_directory_that_cannot_be_made(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(Unavailable, match=r"PostgreSQL cannot use .*file") as caught:
            start_postgres(tmp_path / "file" / "postgres")
        assert "\n" not in str(caught.value)

    def test_a_cluster_of_another_version(self, directory: Path) -> None:
        (directory / "cluster").mkdir(parents=True)
        (directory / "cluster" / "PG_VERSION").write_text("12\n")
        (directory / "password").write_text("x")
        with pytest.raises(Unavailable, match="pg_ctl failed: ") as caught:
            start_postgres(directory)
        assert "\n" not in str(caught.value)

    def test_a_server_that_does_not_answer(self) -> None:
        with pytest.raises(Unavailable, match=r"dbmate up failed: .*refused") as caught:
            migrate("postgres://u:p@127.0.0.1:1/db?sslmode=disable")
        assert "\n" not in str(caught.value)

    def test_a_migration_that_fails(self, postgres_server: PostgresServer, tmp_path: Path) -> None:
        (tmp_path / "20990101000000_wrong.sql").write_text(
            "-- migrate:up\nSELECT no_such_thing;\n-- migrate:down\n"
        )
        with pytest.raises(Unavailable, match="no_such_thing"):
            migrate(postgres_server.database_url("test_wrong"), migrations=tmp_path)
