"""Writes what the migrations make into `migrations/schema.sql`: `python -m local.schema_file`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from local.postgres import MIGRATIONS, dbmate, migrate, start_postgres

_VARIES = ("Writing: ", "-- Dumped from ", "-- Dumped by ")


def schema_of(url: str) -> str:
    """Return the schema of a database as SQL, without what differs between servers."""
    lines = dbmate(url, "dump").splitlines()
    return "\n".join(line for line in lines if not line.startswith(_VARIES)) + "\n"


def main() -> None:
    """Apply every migration to an empty database and write its schema down."""
    with tempfile.TemporaryDirectory() as directory:
        server = start_postgres(Path(directory) / "postgres", throwaway=True)
        try:
            migrate(server.url)
            (MIGRATIONS / "schema.sql").write_text(schema_of(server.url))
        finally:
            server.stop()


if __name__ == "__main__":
    main()
