"""Bench of the bulk sync's memory: what a large archive adds to the process that runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from local.postgres import migrate, start_postgres

from bench.timing import Outcome

ORDERS: Final = 152_000
"""Their archive has a little more than 1 GB."""
QUICK_ORDERS: Final = 1_000


def run(directory: Path, *, quick: bool) -> Outcome:
    """Run the bench.

    Args:
        directory: Where its files may be.
        quick: A small shop.
    """
    orders = QUICK_ORDERS if quick else ORDERS
    server = start_postgres(directory / "postgres")
    try:
        migrate(server.url)
        with _shop(orders, directory / "bulk-results") as shop_url:
            found = _synced(server.url, shop_url, directory)
    finally:
        server.stop()
    assert found["state"] == "complete", f"the sync ended as {found['state']}"
    assert found["pending"] == 0, f"{found['pending']} orders were not streamed"
    added = found["peak"] - found["idle"]
    return Outcome(
        title="Memory: one sync of a large archive",
        figures={"sync.peak_mib_over_idle": added},
        rows=[
            ("archive of orders", f"{found['archive'] / 1e6:.0f} MB, {found['orders']} orders"),
            ("idle", f"{found['idle']:.1f} MiB"),
            ("peak", f"{found['peak']:.1f} MiB"),
            ("added by the sync", f"{added:.1f} MiB"),
            ("time, most of it the emulated shop's", f"{found['seconds']:.0f} s"),
        ],
        notes=(
            (
                "The whole Workflow on the journal: bulk operations, download, load, details,"
                " enrichment into the spool, watermark. The shop and PostgreSQL are other"
                " processes."
            ),
            (
                "Peak is the kernel's VmHWM, reset when everything was imported, connected"
                " and idle; idle is VmRSS at that moment."
            ),
        ),
    )


@contextmanager
def _shop(orders: int, directory: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "bench.memory_shop", str(orders), str(directory)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def _synced(database_url: str, shop_url: str, directory: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.memory_sync", database_url, shop_url, str(directory)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found
