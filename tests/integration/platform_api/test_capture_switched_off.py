"""Capture is switched off and on by staff: nobody's link breaks, and nothing is half counted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio

from shared.adapters.embedded.cache import JournalCache
from shared.flags import HELD, HeldFlags
from shared.ports import Json
from tests.fixtures.engagement import Counted, Engagement, impression
from tests.fixtures.staff_api import StaffApi

FLAG = "/api/feature-flags/engagement"


class CountingCache(JournalCache):
    """Counts how often it is asked."""

    asked = 0

    async def get(self, key: str, /) -> Json:
        self.asked += key.startswith("flag:")
        return await super().get(key)


@pytest_asyncio.fixture(loop_scope="session")
async def switches(engagement: Engagement, staff_api: StaffApi) -> AsyncIterator[CountingCache]:
    """The namespace of both Workers."""
    kept = CountingCache(engagement.journal, clock=engagement.api.clock)
    staff_api.configure(switches=kept)
    engagement.api.configure(switches=kept)
    yield kept


async def post(engagement: Engagement) -> int:
    answer = await engagement.post(impression(engagement.items[0]))
    if answer.status_code != 202:
        assert answer.status_code == 503, answer.text
        assert answer.headers["retry-after"] == "60"
        assert answer.json()["type"] == "urn:problem:switched-off"
    return answer.status_code


async def test_staff_switches_it_off_and_on(
    engagement: Engagement, staff_api: StaffApi, switches: CountingCache
) -> None:
    assert await post(engagement) == 202
    put = await staff_api.http.put(FLAG, json={"is_on": False})
    assert put.status_code == 200, put.text
    assert (put.json()["is_on"], put.json()["switched_by"]) == (False, "staff@example.com")
    assert await post(engagement) == 202  # this isolate asks once a minute
    before = await engagement.counted()
    engagement.api.clock.advance(HELD)
    link = await engagement.get(f"/v1/r/{engagement.items[1]}")
    assert (link.status_code, link.headers["location"]) == (302, "https://shop.example/p/2?a=1")
    pixel = await engagement.get(f"/v1/pixel.gif?item={engagement.items[0]}")
    assert pixel.content.startswith(b"GIF89a")
    assert await post(engagement) == 503
    assert await engagement.counted() == before != Counted()
    assert switches.asked == 2
    assert (await staff_api.http.delete(FLAG)).status_code == 204
    engagement.api.clock.advance(HELD)
    assert await post(engagement) == 202
    link = await engagement.get(f"/v1/r/{engagement.items[1]}")
    assert "click_id=" in link.headers["location"]


async def test_what_is_switched_holds_over_the_setting(
    engagement: Engagement, staff_api: StaffApi, switches: CountingCache
) -> None:
    settings = engagement.api.current().settings
    off = settings.model_copy(update={"FLAGS_OFF": frozenset({"engagement"})})
    engagement.api.configure(settings=off)
    assert await post(engagement) == 503
    await staff_api.http.put(FLAG, json={"is_on": True})
    engagement.api.clock.advance(timedelta(days=400))
    assert await post(engagement) == 202
    await switches.keep("flag:engagement", "a hand wrote this")
    engagement.api.configure(flags=HeldFlags())
    assert await post(engagement) == 503


async def test_it_is_the_setting_that_decides_without_kv(engagement: Engagement) -> None:
    settings = engagement.api.current().settings
    assert await post(engagement) == 202
    off = settings.model_copy(update={"FLAGS_OFF": frozenset({"engagement"})})
    engagement.api.configure(settings=off, flags=HeldFlags())
    assert await post(engagement) == 503


@pytest.mark.parametrize("method", ["OPTIONS", "HEAD"])
async def test_what_counts_nothing_is_answered_as_ever(
    engagement: Engagement, switches: CountingCache, method: str
) -> None:
    await switches.keep("flag:engagement", {"is_on": False})
    path = {"OPTIONS": "/v1/events", "HEAD": f"/v1/r/{engagement.items[1]}"}[method]
    headers = {"Origin": "https://reader.example"}
    answer = await engagement.api.http.request(method, path, headers=headers)
    assert answer.status_code in {204, 302}
