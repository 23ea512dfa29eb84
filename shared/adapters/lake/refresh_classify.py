"""The classify stage: product dimension joined with windows, valued, ranked and classified."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

import duckdb

from shared.adapters.lake.staging import Staging
from shared.errors import NonRetryable
from shared.performance import sql

_DIMENSION: Final = (
    "{product_id: 'VARCHAR', product_name: 'VARCHAR', is_active: 'BOOLEAN',"
    " published_day: 'DATE', created_day: 'DATE', tags: 'VARCHAR[]', categories: 'VARCHAR[]',"
    f" designer: 'VARCHAR', override: '{sql.OVERRIDE_TYPE}'}}"
)


class DimensionChanged(NonRetryable):
    """The replicated product dimension is not the one that the refresh was asked for."""


def classify(staging: Staging, session: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    """Stage `performance.parquet`; return how many products it has and how many are unknown.

    Raises:
        DimensionChanged: The staged dimension does not have the hash that the request names.
    """
    request = staging.request
    path = staging.path("dimension.jsonl")
    check_hash(path, request.dimension_hash)
    quoted = str(path).replace("'", "''")
    session.execute(
        "CREATE OR REPLACE TEMP VIEW dimension AS SELECT * FROM"
        f" read_json('{quoted}', format = 'newline_delimited', columns = {_DIMENSION})"
    )
    staging.bind(session, "windows", "windows.parquet")
    values: dict[str, object] = {
        **request.spec.model_dump(),
        "as_of": request.as_of,
        "currency": request.currency,
    }
    staging.store(session, "performance.parquet", sql.PERFORMANCE, **values)
    staging.bind(session, "performance", "performance.parquet")
    products = session.sql("SELECT count(*) FROM performance").fetchall()[0][0]
    unknown = session.sql(sql.UNKNOWN_PRODUCTS).fetchall()[0][0]
    return products, unknown


def check_hash(path: Path, expected: str) -> None:
    """Compare a file with its SHA-256.

    Raises:
        DimensionChanged: They differ.
    """
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != expected:
        raise DimensionChanged(f"expected {expected}, found {found}")
