"""Events of pages and servers: each judged by itself, counted once, or refused and not counted."""

import json
from datetime import timedelta
from typing import Any, LiteralString

import httpx
from pydantic import SecretStr

from shared.clock import format_instant
from shared.engagement.clicks import read
from shared.engagement.posters import EVENT_REQUESTS_PER_WINDOW, LEASED, LEASED_MOST
from shared.errors import Unavailable
from tests.fixtures.engagement import FIREFOX, PAGE, PATH, Counted, Engagement, impression
from tests.fixtures.platform_api import CLICK_KEY

NOTHING = Counted()


async def test_a_page_posts_what_was_seen(engagement: Engagement) -> None:
    first, second = engagement.items
    answer = await engagement.post(
        impression(first),
        impression(first),
        {"type": "view", "item_id": second, "duration_ms": 1500},
        {"type": "engagement", "item_id": second},
        **{"CF-IPCountry": "DE", "CF-Connecting-IP": "203.0.113.9"},
    )
    assert answer.status_code == 202, answer.text
    assert answer.json()["accepted"] == 4
    assert [v["status"] for v in answer.json()["verdicts"]] == ["accepted"] * 4
    counted = await engagement.counted()
    assert counted.counters == {first: [0, 2, 0, 0, 0], second: [0, 0, 1, 1, 0]}
    assert counted.referrals == []
    assert [e["event_id"] for e in counted.events] == [
        v["event_id"] for v in answer.json()["verdicts"]
    ]
    view = counted.events[2]
    assert view["publisher_id"] == engagement.publisher["id"]
    assert view["publication_id"] == engagement.publication["id"]
    assert view["program_id"] == engagement.program["id"]
    assert (view["product_id"], view["duration_ms"]) == ("prd_2", 1500)
    assert (view["country_code"], view["referrer_host"]) == ("DE", "reader.example")
    assert (view["device_class"], view["is_bot"]) == ("desktop", False)
    everything = json.dumps(counted.events)
    assert "203.0.113.9" not in everything
    assert "Firefox" not in everything


async def test_a_click_in_a_program_earns_a_signed_id_and_a_referral(
    engagement: Engagement,
) -> None:
    item = engagement.items[0]
    at = engagement.api.clock.now() - timedelta(minutes=2)
    event = {"type": "click", "item_id": item, "occurred_at": format_instant(at)}
    answer = await engagement.post(event)
    [verdict] = answer.json()["verdicts"]
    click = read(verdict["click_id"], CLICK_KEY)
    assert click is not None
    assert (click.item_id, click.clicked_at) == (item, at)
    counted = await engagement.counted()
    [referral] = counted.referrals
    assert referral["id"] == click.id
    assert referral["clicked_at"] == at
    assert referral["product_id"] == "prd_1"
    assert referral["program_id"] == engagement.program["id"]
    assert referral["visitor_hash"] == counted.events[0]["visitor_hash"]
    assert counted.events[0]["click_id"] == verdict["click_id"]


async def test_the_same_event_sent_again_is_the_same_event(engagement: Engagement) -> None:
    at = format_instant(engagement.api.clock.now())
    event = {
        "type": "click",
        "item_id": engagement.items[0],
        "event_id": "visit-1/click-1",
        "occurred_at": at,
    }
    first = (await engagement.post(event, event)).json()
    engagement.api.clock.advance(timedelta(seconds=30))
    second = (await engagement.post(event)).json()
    assert first["accepted"] == 2
    assert {v["event_id"] for v in first["verdicts"]} == {second["verdicts"][0]["event_id"]}
    assert {v["click_id"] for v in first["verdicts"]} == {second["verdicts"][0]["click_id"]}
    counted = await engagement.counted()
    assert len(counted.events) == 2  # one per request; readers take the newest
    assert len({e["event_id"] for e in counted.events}) == 1
    assert len(counted.referrals) == 1
    other = {**event, "event_id": "visit-1/click-2"}
    assert (await engagement.post(other)).json()["accepted"] == 1
    assert len((await engagement.counted()).referrals) == 2


async def test_clicks_outlive_one_rotation_of_the_key(engagement: Engagement) -> None:
    item, api = engagement.items[0], engagement.api
    clicked = (await engagement.post({"type": "click", "item_id": item})).json()["verdicts"][0]
    led_to = {"type": "view", "item_id": item, "click_id": clicked["click_id"]}
    verdicts = []
    for key, previous in (("second", CLICK_KEY), ("third", "second")):
        rotated = {
            "CLICK_SIGNING_KEY": SecretStr(key),
            "CLICK_SIGNING_KEY_PREVIOUS": SecretStr(previous),
        }
        api.configure(settings=api.bindings.settings.model_copy(update=rotated))
        answer = await engagement.post(led_to, {"type": "click", "item_id": item})
        first, second = answer.json()["verdicts"]
        verdicts.append(first.get("reason", first["status"]))
        assert read(second["click_id"], key) is not None
        assert read(second["click_id"], previous) is None
    assert verdicts == ["accepted", "forged_click"]


async def test_a_server_posts_conversions(engagement: Engagement) -> None:
    item = engagement.items[0]
    clicked = (await engagement.post({"type": "click", "item_id": item})).json()["verdicts"][0]
    conversion = {
        "type": "conversion",
        "item_id": item,
        "click_id": clicked["click_id"],
        "order_reference": "A-17",
        "amount": "12.34",
        "currency": "EUR",
    }
    for _ in range(2):
        answer = await engagement.post(conversion, key=engagement.server_key)
        assert answer.json()["accepted"] == 1, answer.text
    counted = await engagement.counted()
    [row] = counted.conversions
    click = read(clicked["click_id"], CLICK_KEY)
    assert click is not None
    assert (row["click_id"], row["order_reference"]) == (click.id, "A-17")
    assert (str(row["amount"]), row["currency"]) == ("12.3400", "EUR")
    event = counted.events[-1]
    assert (event["amount_minor"], event["currency"]) == (1234, "EUR")
    assert not {"visitor_hash", "order_id"} & event.keys()  # what orders us has another name
    assert len({one["event_id"] for one in counted.events[-2:]}) == 1
    assert len(counted.referrals) == 1


async def test_one_bad_event_does_not_lose_the_other_499(engagement: Engagement) -> None:
    events = [impression(engagement.items[n % 2]) for n in range(500)]
    events[123] = {"type": "impression", "item_id": engagement.items[0], "duration_ms": "long"}
    answer = await engagement.post(*events)
    assert answer.status_code == 202, answer.text
    document = answer.json()
    assert (document["accepted"], document["refused"]) == (499, 1)
    assert [v["index"] for v in document["verdicts"]] == list(range(500))
    refused = [v for v in document["verdicts"] if v["status"] == "refused"]
    assert [(v["index"], v["reason"]) for v in refused] == [(123, "invalid")]
    assert refused[0]["detail"].startswith("/duration_ms: ")
    counted = await engagement.counted()
    assert len(counted.events) == 499
    assert sum(doubles[1] for doubles in counted.counters.values()) == 499


async def test_what_was_taken_back_counts_no_more(engagement: Engagement) -> None:
    event = {"type": "click", "item_id": engagement.items[0]}

    async def after(change: LiteralString) -> httpx.Response:
        await engagement.db.execute(change)
        for _ in range(2):  # the isolate's minute, then the cache's
            engagement.api.clock.advance(timedelta(seconds=61))
            answer = await engagement.post(event)
        return answer

    changes: list[tuple[LiteralString, LiteralString]] = [
        ("publication_item SET is_active = false", "publication_item SET is_active = true"),
        ("publication SET status = 'archived'", "publication SET status = 'published'"),
        ("product SET status = 'DRAFT'", "product SET status = 'ACTIVE'"),
    ]
    for taken, given in changes:
        refused = (await after(f"UPDATE {taken}")).json()["verdicts"][0]
        assert refused["reason"] == "unknown_item", taken
        assert "click_id" in (await after(f"UPDATE {given}")).json()["verdicts"][0]
    ended = (await after("UPDATE program SET status = 'ended'")).json()["verdicts"][0]
    assert ended["status"] == "accepted"
    assert "click_id" not in ended
    assert (await after("UPDATE publisher SET status = 'suspended'")).status_code == 403


async def test_a_key_has_so_many_requests_a_minute(engagement: Engagement) -> None:
    good = impression(engagement.items[0])
    answer = await engagement.post(good)
    limit = EVENT_REQUESTS_PER_WINDOW
    assert answer.headers["ratelimit-policy"] == f'"key";q={limit};w=60'
    assert f"r={limit - 1};" in answer.headers["ratelimit"]
    await engagement.db.execute("UPDATE api_usage SET used = $1 WHERE id LIKE '%:events'", limit)
    engagement.forget()
    before = await engagement.counted()
    refused = await engagement.post(good)
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0
    assert refused.headers["access-control-allow-origin"] == PAGE
    assert (await engagement.post(good)).status_code == 429
    assert await engagement.counted() == before
    engagement.api.clock.advance(timedelta(minutes=1))
    assert (await engagement.post(good)).status_code == 202


async def test_what_is_left_of_a_minute_is_taken_to_the_last(engagement: Engagement) -> None:
    good, limit = impression(engagement.items[0]), EVENT_REQUESTS_PER_WINDOW
    await engagement.post(good)
    used = "UPDATE api_usage SET used = $1 WHERE id LIKE '%:events'"
    await engagement.db.execute(used, limit - 2)
    engagement.forget()
    left = [(await engagement.post(good)).headers["ratelimit"].split(";")[1] for _ in range(3)]
    assert left == ["r=1", "r=0", "r=0"]
    assert (await engagement.post(good)).status_code == 429


async def test_a_busy_isolate_takes_more_at_a_time(engagement: Engagement) -> None:
    good, taken = impression(engagement.items[0]), []
    for _ in range(7):
        await engagement.post(good)
        used = await engagement.db.fetch_value(
            "SELECT used FROM api_usage WHERE id LIKE '%:events'"
        )
        taken.append(used - sum(taken))
        for lease in engagement.api.current().memory.leases.values():
            lease.left = 0
    assert taken == [LEASED, 1_000, 2_000, 4_000, *[LEASED_MOST] * 3]


class Broken:
    """A stream that does not answer."""

    async def send(self, _events: object, /) -> None:
        raise Unavailable("the stream is away")


async def test_a_stream_that_fails_counts_nothing(engagement: Engagement) -> None:
    engagement.api.configure(publication=Broken())
    event = {"type": "click", "item_id": engagement.items[0]}
    answer = await engagement.post(event)
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert await engagement.counted() == NOTHING


async def test_what_is_held_needs_no_postgresql(engagement: Engagement) -> None:
    good = impression(engagement.items[0])
    assert (await engagement.post(good)).status_code == 202

    class Absent:
        def open(self) -> Any:
            raise Unavailable("PostgreSQL is away")

    engagement.api.configure(databases=Absent())
    assert (await engagement.post(good)).status_code == 202
    assert (await engagement.post(impression(engagement.items[1]))).status_code == 503
    click = await engagement.post({"type": "click", "item_id": engagement.items[0]})
    assert click.status_code == 503
    counted = await engagement.counted()
    assert counted.counters == {engagement.items[0]: [0, 2, 0, 0, 0]}


async def test_another_isolate_takes_items_from_the_cache(engagement: Engagement) -> None:
    good = impression(engagement.items[0])
    await engagement.post(good)
    await engagement.db.execute("DELETE FROM publication_item")
    engagement.forget()
    assert (await engagement.post(good)).json()["accepted"] == 1


async def test_a_click_is_never_later_than_now(engagement: Engagement) -> None:
    item, now = engagement.items[0], engagement.api.clock.now()
    ahead = format_instant(now + timedelta(minutes=4))
    answer = await engagement.post({"type": "click", "item_id": item, "occurred_at": ahead})
    click = read(answer.json()["verdicts"][0]["click_id"], CLICK_KEY)
    assert click is not None
    assert click.clicked_at == now  # or it would come after the order that it leads to
    [referral] = (await engagement.counted()).referrals
    assert referral["clicked_at"] == now


async def test_a_bot_is_marked_and_earns_nothing(engagement: Engagement) -> None:
    event = {"type": "click", "item_id": engagement.items[0]}
    for agent in ("Mozilla/5.0 (compatible; Googlebot/2.1)", "curl/8.9"):
        answer = await engagement.post(event, **{"User-Agent": agent})
        assert "click_id" not in answer.json()["verdicts"][0]
    counted = await engagement.counted()
    assert [one["is_bot"] for one in counted.events] == [True, True]
    assert counted.referrals == []
    assert counted.counters == {}


async def test_a_beacon_sets_no_headers(engagement: Engagement) -> None:
    batch = {"events": [impression(engagement.items[0])]}
    for kind in ("text/plain;charset=UTF-8", "application/json", None):
        headers = {"Origin": PAGE, "User-Agent": FIREFOX}
        headers |= {"Content-Type": kind} if kind else {}
        for body, query in (
            ({**batch, "key": engagement.page_key}, ""),
            (batch, f"?key={engagement.page_key}"),
        ):
            answer = await engagement.api.http.post(
                PATH + query, content=json.dumps(body), headers=headers
            )
            assert answer.status_code == 202, answer.text
            assert answer.headers["access-control-allow-origin"] == PAGE
            assert answer.headers["access-control-allow-credentials"] == "true"
            assert answer.headers["vary"] == "Origin"
            assert answer.headers["cache-control"] == "no-store"


async def test_preflights_of_known_pages_are_allowed(engagement: Engagement) -> None:
    headers = {"Access-Control-Request-Method": "POST"}
    known = await engagement.get(PATH, "OPTIONS", Origin=PAGE, **headers)
    assert known.status_code == 204
    assert known.headers["access-control-allow-origin"] == PAGE
    assert "X-Api-Key" in known.headers["access-control-allow-headers"]
    for origin in ({"Origin": "https://evil.example"}, {}):
        foreign = await engagement.get(PATH, "OPTIONS", **origin, **headers)
        assert foreign.status_code == 403
        assert "access-control-allow-origin" not in foreign.headers
    assert (await engagement.get(PATH)).status_code == 405
    assert await engagement.counted() == NOTHING


async def test_a_visitor_is_another_one_tomorrow(engagement: Engagement) -> None:
    good = impression(engagement.items[0])
    for address in ("203.0.113.9", "203.0.113.9", "203.0.113.10"):
        await engagement.post(good, **{"CF-Connecting-IP": address})
    engagement.api.clock.advance(timedelta(days=1))
    await engagement.post(good, **{"CF-Connecting-IP": "203.0.113.9"})
    first, again, other, tomorrow = [
        event["visitor_hash"] for event in (await engagement.counted()).events
    ]
    assert first == again
    assert len({first, other, tomorrow}) == 3
