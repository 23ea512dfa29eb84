"""Sends and lands events in a process of its own that kills itself after a chosen act.

Run as `python lander_child.py <journal> <url> <warehouse> <token> <first> <act>`; prints one line
per accepted event id.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from local.lander import Lander, Rhythm

from shared.adapters.embedded.journal import Journal
from shared.adapters.embedded.stream import SpooledStream
from shared.adapters.lake import compaction, landing
from shared.adapters.lake.catalog import load_catalog
from shared.adapters.lake.compaction import Compaction, compact
from tests.contract.suites.event_stream import event

SENDS = 6


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _after(act: Callable[..., Any], skip: int = 0) -> Callable[..., Any]:
    calls = iter(range(skip))

    def run(*args: Any, **options: Any) -> Any:
        result = act(*args, **options)
        if next(calls, None) is None:
            _die()
        return result

    return run


def _before(_: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *_args, **_options: _die()


def _arm(act: str, lander: Any, catalog: Any) -> None:
    match act:
        case "claim":
            lander._spool.claim = _after(lander._spool.claim, 1)
        case "write":
            landing.write_files = _after(landing.write_files, 1)
        case "request":
            catalog.commit_table = _before(catalog.commit_table)
        case "commit":
            catalog.commit_table = _after(catalog.commit_table, 1)
        case "discard":
            lander._spool.discard = _after(lander._spool.discard, 1)
        case "compaction-write":
            compaction.write_files = _after(compaction.write_files)
        case "compaction-commit":
            catalog.commit_table = _after(catalog.commit_table)


async def main(path: str, url: str, warehouse: str, token: str, first: int, act: str) -> None:
    journal = Journal(Path(path))
    catalog: Any = load_catalog(url, warehouse, token)
    # Two sends to a batch: the act that kills is one of the second batch.
    lander: Any = Lander(journal, catalog, rhythm=Rhythm(events=4))
    stream = SpooledStream(journal, "commerce")
    for number in range(first, first + 2 * SENDS, 2):
        pair = [event(number), event(number + 1)]
        await stream.send(pair)
        for sent in pair:
            print(sent["event_id"], flush=True)  # noqa: T201 - what the parent reads
    if act == "accept":
        _die()
    if act.startswith("compaction"):
        await lander.flush()
        _arm(act, lander, catalog)
        compact(catalog, ("commerce", "telemetry"), Compaction(files=2))
    _arm(act, lander, catalog)
    await lander.flush()


if __name__ == "__main__":
    journal_path, catalog_url, name, secret, start, chosen = sys.argv[1:]
    asyncio.run(main(journal_path, catalog_url, name, secret, int(start), chosen))
