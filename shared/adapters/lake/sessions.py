"""Opens DuckDB with a bounded memory, a place to spill to and no way to the outside."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb


@dataclass(frozen=True, slots=True)
class EngineLimits:
    """What one DuckDB session may use."""

    memory: str = "1GB"
    threads: int | None = None


@contextmanager
def open_session(
    spill: Path, limits: EngineLimits, prepare: Callable[[duckdb.DuckDBPyConnection], None]
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Hold an in-memory database for the block; days and instants are UTC unless SQL says else."""
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": limits.memory,
        "temp_directory": str(spill / "spill"),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "preserve_insertion_order": False,
    }
    if limits.threads is not None:
        config["threads"] = limits.threads
    connection = duckdb.connect(":memory:", config=config)
    try:
        connection.execute("SET TimeZone = 'UTC'")
        prepare(connection)
        yield connection
    finally:
        connection.close()
