"""What was promised of each figure, and which direction is good."""

from __future__ import annotations

from typing import Final, NamedTuple


class Target(NamedTuple):
    """A promise: at least, or at most, so much."""

    is_least: bool
    bound: float
    meaning: str
    cost: str = ""
    """Where the time or memory goes, for when the promise is not kept."""

    def is_met(self, value: float) -> bool:
        """Return whether a figure keeps the promise."""
        return value >= self.bound if self.is_least else value <= self.bound

    def __str__(self) -> str:
        return f"{'at least' if self.is_least else 'at most'} {self.bound:g}"


TARGETS: Final = {
    "sync.floor_ratio": Target(
        True,
        0.7,
        "time of COPY + INSERT of ready-made rows / time of our parse + upsert",
        "the archive is read twice and each line parsed and normalised in Python, with one write"
        " in flight; the statement that writes them alone has 0.87 of the floor's speed.",
    ),
    "sync.dlt_ratio": Target(
        True, 3.0, "time of dlt's merge (upsert) / time of our parse + upsert"
    ),
    "refresh.duckdb_ratio": Target(
        False,
        1.2,
        "time of our full refresh / time of plain DuckDB over the same files",
        "the stages are kept so that a run can be resumed, and four tables are committed.",
    ),
    "refresh.history_ratio": Target(
        False, 1.3, "hourly refresh: slowest of 1x, 4x and 16x history / the one with 1x"
    ),
    "sync.peak_mib_over_idle": Target(
        False, 64.0, "MiB of memory that a sync of 1 GB adds to its idle process at its peak"
    ),
    "webhooks.per_second": Target(
        True, 20.0, "webhook deliveries dealt with per second, with every trouble at once"
    ),
    "webhooks.accept_p99_ms": Target(
        False, 250.0, "ms until a webhook is accepted, the slowest of a hundred; Shopify waits 5 s"
    ),
}
