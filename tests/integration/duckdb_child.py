"""Reads and writes the lake with DuckDB's Iceberg extension; prints what it saw as JSON.

Run as `python duckdb_child.py <url> <warehouse> <token>` with that DuckDB on PYTHONPATH.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import duckdb

SELECT = "SELECT event_id, quantity, discount_codes, occurred_at::TEXT FROM lake.commerce.telemetry"


def main(url: str, warehouse: str, token: str, extensions: str) -> None:
    packages = Path(duckdb.__file__).parents[1]
    connection = duckdb.connect(config={"extension_directory": extensions, "threads": 2})
    for name in ("avro", "httpfs", "iceberg"):
        pattern = f"duckdb_extension_{name}/extensions/*/{name}.duckdb_extension"
        (binary,) = packages.glob(pattern)
        connection.execute(f"INSTALL '{binary}'")
        connection.execute(f"LOAD {name}")
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(f"CREATE SECRET (TYPE ICEBERG, TOKEN '{token}')")
    connection.execute(f"ATTACH '{warehouse}' AS lake (TYPE ICEBERG, ENDPOINT '{url}')")
    seen = {"events": connection.execute(f"{SELECT} ORDER BY event_id").fetchall()}
    connection.execute("CREATE TABLE lake.measurement.made AS SELECT 1 AS n UNION ALL SELECT 2")
    connection.execute("INSERT INTO lake.measurement.made VALUES (3)")
    connection.execute("DELETE FROM lake.measurement.made WHERE n = 1")
    made = connection.execute("SELECT n FROM lake.measurement.made ORDER BY n").fetchall()
    print(json.dumps(seen | {"made": made}))  # noqa: T201 - what the parent reads


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as directory:
        main(sys.argv[1], sys.argv[2], sys.argv[3], directory)
