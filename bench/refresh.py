"""Bench of the full refresh: against plain DuckDB over the same files, and against PostgreSQL."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import duckdb
from local.postgres import start_postgres

from bench import refresh_plain, refresh_postgres
from bench.lake import PRODUCTS, TIMEZONE, Lake, event_batches, open_lake
from bench.refresh_plain import Digest, digests, refresh_plainly
from bench.timing import Outcome, Samples, interleaved
from shared.ports import JsonObject

EVENTS: Final = 10_000_000
QUICK_EVENTS: Final = 200_000
DAYS: Final = 128
ROUNDS: Final = 5
POSTGRES_ROUNDS: Final = 2


def run(directory: Path, *, quick: bool) -> Outcome:
    """Run the bench.

    Args:
        directory: Where its files may be.
        quick: Few events and one round; PostgreSQL gets the same few.
    """
    events = QUICK_EVENTS if quick else EVENTS
    with open_lake(directory / "lake") as lake:
        for _, files in event_batches(lake, events=events, days=DAYS):
            lake.append(files)
        lab = Lab(lake, directory)
        both = interleaved({"ours": lab.ours, "duckdb": lab.plain}, 1 if quick else ROUNDS)
        rounds = 1 if quick else POSTGRES_ROUNDS
        server = start_postgres(directory / "postgres")
        try:
            lab.load_postgres(server.database_url("postgres"))
            with_postgres = interleaved({"ours": lab.ours, "postgres": lab.postgres}, rounds)
        finally:
            server.stop()
    return _outcome(both, with_postgres, events, lab.expected)


class Lab:
    """The contenders, each of which must come to the result that the first came to."""

    def __init__(self, lake: Lake, directory: Path) -> None:
        self.lake, self.directory = lake, directory
        self.files = lake.event_files()
        self.request: JsonObject = asyncio.run(lake.request("first", full=True))
        self.expected: list[Digest] = []
        self._runs, self._url = 0, ""

    def ours(self, _: int) -> dict[str, float]:
        """Refresh in full through every stage, into the Iceberg tables."""
        self._runs += 1
        request = {**self.request, "run_id": f"run-{self._runs}"}
        seconds = _timed(lambda: asyncio.run(self.lake.refresh(request)))
        self.check("ours", self.lake.digests())
        return seconds

    def plain(self, _: int) -> dict[str, float]:
        """Compute the same with one session of DuckDB."""
        seconds = _timed(
            lambda: refresh_plainly(
                self.files, self.lake.dimension, self.directory, request=self.request
            )
        )
        self._check_files("duckdb", refresh_plain.SALES, refresh_plain.PERFORMANCE)
        return seconds

    def load_postgres(self, url: str) -> None:
        """Bring the same events into PostgreSQL."""
        self._url = url
        dimension, request = self.lake.dimension, self.request
        asyncio.run(refresh_postgres.load(url, self.files, dimension, request=request))

    def postgres(self, _: int) -> dict[str, float]:
        """Refresh the materialized views."""
        seconds = asyncio.run(refresh_postgres.refresh(self._url, self.directory))
        self._check_files("postgres", refresh_postgres.SALES, refresh_postgres.PERFORMANCE)
        return {"seconds": seconds}

    def check(self, name: str, found: list[Digest]) -> None:
        """Compare a result with the first one."""
        self.expected = self.expected or found
        assert found == self.expected, f"{name} came to {found} instead of {self.expected}"

    def _check_files(self, name: str, sales: str, performance: str) -> None:
        results = (f"'{self.directory / result}'" for result in (sales, performance))
        with duckdb.connect() as session:
            self.check(name, digests(session, *results))


def _timed(action: Callable[[], object]) -> dict[str, float]:
    begun = time.perf_counter()
    action()
    return {"seconds": time.perf_counter() - begun}


def _outcome(
    both: dict[str, dict[str, Samples]],
    with_postgres: dict[str, dict[str, Samples]],
    events: int,
    result: list[Digest],
) -> Outcome:
    mine, plain = both["ours"]["seconds"], both["duckdb"]["seconds"]
    beside, postgres = with_postgres["ours"]["seconds"], with_postgres["postgres"]["seconds"]
    return Outcome(
        title="Refresh: all events to sales, windows and classes",
        figures={"refresh.duckdb_ratio": mine.over(plain).median},
        rows=[
            ("ours, with every commit", f"{mine} s"),
            ("plain DuckDB", f"{plain} s"),
            ("time relative to plain DuckDB", str(mine.over(plain))),
            ("PostgreSQL, two materialized views", f"{postgres} s"),
            ("PostgreSQL's time relative to ours", str(postgres.over(beside))),
        ],
        notes=(
            (
                f"{events} events, 2 % of them twice, over {DAYS} days, of {PRODUCTS} products"
                f" with Zipf demand; days of {TIMEZONE}. All three come to the same"
                f" {result[0][0]} rows of sales and {result[1][0]} of performance, by count and"
                " checksum."
            ),
            (
                "Ours goes through the catalog and the four stages that a run can be resumed"
                " between, and commits to four Iceberg tables, sales by day."
            ),
            (
                "Plain DuckDB runs the same SQL in one session without a limit of memory, and"
                " writes the two results, unsorted, as two Parquet files."
            ),
            (
                "PostgreSQL has a table of only the columns that are read, 512 MB to sort in,"
                " and the same number of events; loading it is not counted."
            ),
        ),
    )
