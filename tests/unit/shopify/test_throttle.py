"""The leaky bucket's arithmetic, and that requests beside each other do not overdraw it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import httpx
from hypothesis import given
from hypothesis import strategies as st

from shared.clock import FixedClock
from shared.config import Settings
from shared.integrations.shopify.client import ShopifyClient
from shared.integrations.shopify.throttle import (
    WAIT_MAX,
    LeakyBucket,
    backoff_seconds,
    wait_seconds,
)

NOW = datetime(2026, 11, 20, tzinfo=UTC)
points = st.floats(0, 2000)


def bucket(available: float, rate: float = 100) -> LeakyBucket:
    made = LeakyBucket()
    status = {"maximumAvailable": 2000, "currentlyAvailable": available, "restoreRate": rate}
    made.learn({"throttleStatus": status}, NOW)
    return made


@given(points, points, st.floats(1, 2000))
def test_the_wait_is_exactly_what_restores_the_missing_points(requested, available, rate):
    wait = wait_seconds(requested, available, rate)
    assert wait >= 0
    assert available + wait * rate >= requested - 1e-6
    if requested > available:
        assert available + wait * rate <= requested + 1e-6


@given(points, st.floats(0, 100))
def test_the_bucket_fills_with_time_and_never_overflows(available, seconds):
    level = bucket(available).level(NOW + timedelta(seconds=seconds))
    assert level <= 2000
    assert level >= min(available, 2000) - 1e-6


def test_an_unknown_bucket_makes_nobody_wait():
    assert LeakyBucket().wait(1_000, NOW) == 0


def test_a_request_larger_than_the_bucket_waits_for_a_full_one_only():
    assert bucket(0).wait(5_000, NOW) == 20


def test_a_clock_that_goes_back_gives_no_points_and_takes_none():
    assert bucket(500).level(NOW - timedelta(hours=1)) == 500


def test_a_bucket_that_does_not_refill_is_waited_for_a_bounded_time():
    assert wait_seconds(10, 0, 0) == WAIT_MAX


def test_backoff_doubles_and_is_bounded():
    assert [backoff_seconds(n) for n in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]


def test_a_reply_without_cost_changes_nothing():
    made = bucket(500)
    made.learn(None, NOW)
    made.learn({}, NOW)
    assert made.level(NOW) == 500


async def test_failure_28_requests_beside_each_other_share_the_bucket():
    """Each of a burst must count what the others, still unanswered, will cost."""
    clock = FixedClock(NOW)
    slept: list[float] = []
    gate = asyncio.Event()
    gate.set()

    async def answer(_request: httpx.Request) -> httpx.Response:
        await gate.wait()
        status = {"maximumAvailable": 2000, "currentlyAvailable": 1000, "restoreRate": 100}
        return httpx.Response(
            200,
            json={
                "data": {},
                "extensions": {"cost": {"requestedQueryCost": 400, "throttleStatus": status}},
            },
            headers={"X-Shopify-API-Version": "2026-10"},
        )

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        clock.advance(timedelta(seconds=seconds))

    client = ShopifyClient(
        httpx.AsyncClient(transport=httpx.MockTransport(answer)),
        settings=Settings(SHOP_DOMAIN="ours.myshopify.com", SHOPIFY_ACCESS_TOKEN="token"),
        clock=clock,
        sleep=sleep,
    )
    await client.query("{ x }")
    gate.clear()
    burst = [asyncio.create_task(client.query("{ x }")) for _ in range(4)]
    for _ in range(100):
        await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(*burst)
    assert sum(slept) == (4 * 400 - 1000) / 100
