"""What every `Watermarks` adapter promises."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from shared.ports import Watermarks

T0 = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


async def is_none_before_the_first_run(port: Watermarks) -> None:
    assert await port.read("first_last_watermark") is None


async def advances_and_is_read_back_aware(port: Watermarks) -> None:
    at = T0 + timedelta(microseconds=123456)
    assert await port.advance("advances_last_watermark", at) == at
    read = await port.read("advances_last_watermark")
    assert read == at
    assert read is not None
    assert read.tzinfo is not None


async def never_moves_backwards(port: Watermarks) -> None:
    await port.advance("backwards_last_watermark", T0)
    assert await port.advance("backwards_last_watermark", T0 - HOUR) == T0
    assert await port.advance("backwards_last_watermark", T0) == T0
    assert await port.read("backwards_last_watermark") == T0


async def compares_instants_not_their_text(port: Watermarks) -> None:
    later = T0 + timedelta(milliseconds=500)
    await port.advance("fraction_last_watermark", T0)
    assert await port.advance("fraction_last_watermark", later) == later
    assert await port.advance("fraction_last_watermark", T0) == later


async def keys_are_separate(port: Watermarks) -> None:
    await port.advance("separate_orders", T0)
    await port.advance("separate_products", T0 + HOUR)
    assert await port.read("separate_orders") == T0
    assert await port.read("separate_products") == T0 + HOUR


async def leases_to_one_run_at_a_time(port: Watermarks) -> None:
    mine = await port.acquire("lease-one", "run_a", ttl=HOUR)
    theirs = await port.acquire("lease-one", "run_b", ttl=HOUR)
    assert (mine.held_by, theirs.held_by) == ("run_a", "run_a")
    assert theirs.expires_at == mine.expires_at
    assert mine.expires_at.tzinfo is not None


async def renews_its_own_lease(port: Watermarks) -> None:
    first = await port.acquire("lease-renew", "run_a", ttl=HOUR)
    second = await port.acquire("lease-renew", "run_a", ttl=2 * HOUR)
    assert second.held_by == "run_a"
    assert second.expires_at > first.expires_at


async def a_dead_run_loses_its_lease(port: Watermarks) -> None:
    await port.acquire("lease-dead", "run_dead", ttl=timedelta(0))
    assert (await port.acquire("lease-dead", "run_next", ttl=HOUR)).held_by == "run_next"


async def only_the_holder_releases(port: Watermarks) -> None:
    await port.acquire("lease-release", "run_a", ttl=HOUR)
    await port.release("lease-release", "run_b")
    assert (await port.acquire("lease-release", "run_b", ttl=HOUR)).held_by == "run_a"
    await port.release("lease-release", "run_a")
    assert (await port.acquire("lease-release", "run_b", ttl=HOUR)).held_by == "run_b"
    await port.release("lease-never-taken", "run_a")


async def merges_a_run_summary(port: Watermarks) -> None:
    await port.record_run({"run_id": "merge", "state": "running", "started_at": _at(0), "n": 1})
    await port.record_run({"run_id": "merge", "state": "complete", "reason": None})
    assert await port.run("merge") == {
        "run_id": "merge",
        "state": "complete",
        "started_at": _at(0),
        "n": 1,
        "reason": None,
    }
    assert await port.run("no-such-run") is None


async def lists_the_newest_runs_first_in_pages(port: Watermarks) -> None:
    for minute in (1, 3, 2, 5, 4):
        await port.record_run({"run_id": f"page-{minute}", "started_at": _at(100_000 + minute)})
    await port.record_run({"run_id": "page-2", "state": "complete"})
    first = await port.runs(limit=2)
    assert [run["run_id"] for run in first] == ["page-5", "page-4"]
    second = await port.runs(limit=3, before="page-4")
    assert [run["run_id"] for run in second] == ["page-3", "page-2", "page-1"]
    assert second[1]["state"] == "complete"


async def keeps_the_last_500_runs(port: Watermarks) -> None:
    for minute in range(503):
        await port.record_run({"run_id": f"kept-{minute}", "started_at": _at(200_000 + minute)})
    assert len(await port.runs(limit=1000)) == 500
    assert await port.run("kept-2") is None
    assert await port.run("kept-3") is not None


def _at(minute: int) -> str:
    return (T0 + timedelta(minutes=minute)).isoformat().replace("+00:00", "Z")


CASES = (
    is_none_before_the_first_run,
    advances_and_is_read_back_aware,
    never_moves_backwards,
    compares_instants_not_their_text,
    keys_are_separate,
    leases_to_one_run_at_a_time,
    renews_its_own_lease,
    a_dead_run_loses_its_lease,
    only_the_holder_releases,
    merges_a_run_summary,
    lists_the_newest_runs_first_in_pages,
    keeps_the_last_500_runs,
)
