"""Bench of the hourly refresh: what more history costs, when an hour of new events came."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from datetime import time as of_day
from functools import partial
from pathlib import Path
from typing import Final

from bench.lake import LAST_DAY, Lake, event_batches, make_events, open_lake, write_events
from bench.timing import Outcome, Samples, interleaved

DAYS: Final = {"1x": 128, "4x": 512, "16x": 2_048}
QUICK_DAYS: Final = {"1x": 4, "4x": 16, "16x": 64}
DAILY_EVENTS: Final = 20_000
QUICK_DAILY_EVENTS: Final = 100
ROUNDS: Final = 7
_FIRST_HOUR: Final = 8
_LATE_DAYS: Final = 3


def run(directory: Path, *, quick: bool) -> Outcome:
    """Run the bench.

    Args:
        directory: Where its files may be.
        quick: Fewer days, fewer events a day, and one round.
    """
    days, daily = (QUICK_DAYS, QUICK_DAILY_EVENTS) if quick else (DAYS, DAILY_EVENTS)
    with ExitStack() as stack:
        lakes = {n: stack.enter_context(open_lake(directory / f"lake-{n}")) for n in days}
        _fill(lakes, days, daily)
        for name, lake in lakes.items():
            report = asyncio.run(lake.refresh(asyncio.run(lake.request("full", full=True))))
            print(f"  {name}: {report['events_read']} measured events", flush=True)
        contenders = {name: _contender(lake, daily) for name, lake in lakes.items()}
        for refresh in contenders.values():
            refresh(-1)  # the first one after a full refresh is warm-up
        found = interleaved(contenders, 1 if quick else ROUNDS)
        for lake in lakes.values():
            _check(lake)
    return _outcome({name: samples["seconds"] for name, samples in found.items()}, days, daily)


def _fill(lakes: dict[str, Lake], days: dict[str, int], daily: int) -> None:
    """Land one history; shorter ones are its last days, and share its files."""
    longest = max(days, key=days.__getitem__)
    batches = event_batches(lakes[longest], events=daily * days[longest], days=days[longest])
    for left, files in batches:
        for name, lake in lakes.items():
            if left <= days[name]:
                lake.append(files)


def _contender(lake: Lake, daily: int) -> Callable[[int], dict[str, float]]:
    """Return what lands another hour of events in this lake, and times the refresh after it."""

    def refresh(number: int) -> dict[str, float]:
        _land_hour(lake, daily, number + 1)
        request = asyncio.run(lake.request(f"hour-{number + 1}", full=False))
        begun = time.perf_counter()
        report = asyncio.run(lake.refresh(request))
        seconds = time.perf_counter() - begun
        assert report["mode"] == "incremental", report
        return {"seconds": seconds}

    return refresh


def _land_hour(lake: Lake, daily: int, number: int) -> None:
    """Append an hour of today's events, and a few of days before that arrive late."""
    hour = datetime.combine(LAST_DAY, of_day(_FIRST_HOUR), UTC) + timedelta(hours=number)
    numbers = partial(make_events, seconds=3_600)
    low = -10_000_000 * (number + 1)  # numbers that no other event has
    hourly = max(daily // 24, 4)
    today = numbers(low=low, high=low + hourly, first=hour)
    late = numbers(
        low=low + hourly,
        high=low + hourly + max(hourly // 50, 4),
        first=hour - timedelta(_LATE_DAYS),
    )
    lake.append([*write_events(lake, today), *write_events(lake, late)])


def _check(lake: Lake) -> None:
    """Compare what hourly refreshes left with a full refresh of the same events."""
    hourly = lake.digests()
    asyncio.run(lake.refresh(asyncio.run(lake.request("check", full=True))))
    assert lake.digests() == hourly, "hourly refreshes and a full one come to different results"


def _outcome(found: dict[str, Samples], days: dict[str, int], daily: int) -> Outcome:
    base = found["1x"]
    ratios = {name: samples.over(base) for name, samples in found.items()}
    return Outcome(
        title="History: the hourly refresh beside 1x, 4x and 16x of events",
        figures={"refresh.history_ratio": max(ratio.median for ratio in ratios.values())},
        rows=[
            *(
                (f"{name}: {days[name] * daily} events of {days[name]} days", f"{samples} s")
                for name, samples in found.items()
            ),
            *((f"{name} relative to 1x", str(ratios[name])) for name in list(days)[1:]),
        ],
        notes=(
            (
                "Before each refresh an hour of new events is landed, most of today, some of"
                " three days before; landing is not counted. All four stages with their"
                " commits are."
            ),
            (
                "The shorter histories are the last days of the longest and share its files."
                " At the end a full refresh of each comes to the same rows, by count and"
                " checksum."
            ),
        ),
    )
