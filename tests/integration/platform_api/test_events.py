"""Events of pages and servers: each judged by itself, counted once, or refused and not counted."""

import json
from datetime import timedelta
from typing import Any, LiteralString

import httpx

from shared.clock import format_instant
from shared.engagement.clicks import Click, read, sign
from shared.engagement.posters import EVENT_REQUESTS_PER_WINDOW
from shared.errors import Unavailable
from shared.publishers.models import item_id
from tests.fixtures.engagement import FIREFOX, PAGE, PATH, Counted, Engagement
from tests.fixtures.platform_api import CLICK_KEY

NOTHING = Counted()


def impression(item: str, **fields: Any) -> dict[str, Any]:
    return {"type": "impression", "item_id": item, **fields}


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
        "event_id": "A-17",
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
    assert (event["amount_minor"], event["currency"], event["visitor_hash"]) == (1234, "EUR", None)
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


REFUSED: list[tuple[str, dict[str, Any]]] = [
    ("unknown_item", {"item_id": item_id("pbl_none", "prd_1")}),
    ("unknown_item", {"item_id": "no item"}),
    ("unknown_item", {"item_id": "itm_\x00"}),
    ("in_the_future", {"occurred_at": timedelta(minutes=6)}),
    ("too_old", {"occurred_at": timedelta(days=-7, seconds=-1)}),
    ("forged_click", {"click_id": "A" * 76}),
    ("forged_click", {"click_id": "of another key"}),
    ("forged_click", {"click_id": "of another item"}),
    ("secret_key_required", {"type": "conversion"}),
    ("invalid", {"type": "purchase"}),
    ("invalid", {"occurred_at": "2026-11-24T12:00:00"}),
    ("invalid", {"duration_ms": -1}),
    ("invalid", {"more": 1}),
    ("invalid", {"amount": "1.00", "currency": "EUR"}),
    ("invalid", {"event_id": "a b"}),
]


async def test_what_is_not_right_is_refused_and_not_counted(engagement: Engagement) -> None:
    at, (first, second) = engagement.api.clock.now(), engagement.items
    signed = {
        "of another key": sign(Click.new(first, at), "another key"),
        "of another item": sign(Click.new(second, at), CLICK_KEY),
    }
    for reason, fields in REFUSED:
        changed = dict(fields)
        if isinstance(offset := fields.get("occurred_at"), timedelta):
            changed["occurred_at"] = format_instant(at + offset)
        if (named := fields.get("click_id")) in signed:
            changed["click_id"] = signed[named]
        answer = await engagement.post({"type": "click", "item_id": first} | changed)
        assert answer.status_code == 202, answer.text
        [verdict] = answer.json()["verdicts"]
        assert (verdict["status"], verdict["reason"]) == ("refused", reason), fields
        assert verdict["detail"]
    assert await engagement.counted() == NOTHING


async def test_an_item_of_another_publisher_does_not_exist_for_a_key(
    engagement: Engagement,
) -> None:
    other = await engagement.api.publisher("Other")
    page = {"kind": "publishable", "origins": [PAGE], "scopes": []}
    foreign = (await engagement.api.key(other["id"], **page))["key"]
    answer = await engagement.post(impression(engagement.items[0]), **{"X-Api-Key": foreign})
    assert answer.json()["verdicts"][0]["reason"] == "unknown_item"
    assert await engagement.counted() == NOTHING


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


async def test_whole_requests_are_refused(engagement: Engagement) -> None:
    good = impression(engagement.items[0])
    many = [impression(item_id("pbl_x", str(n))) for n in range(251)]
    assert (await engagement.post(*[good] * 501)).status_code == 422
    assert (await engagement.post()).status_code == 422
    assert (await engagement.post(*many)).status_code == 422
    assert (await engagement.post(*many[:250])).json()["refused"] == 250
    padding = [impression(engagement.items[0], event_id="x" * 100)] * 30_000
    assert (await engagement.post(*padding)).status_code == 413
    http = engagement.api.http
    headers = {"Origin": PAGE, "X-Api-Key": engagement.page_key, "User-Agent": FIREFOX}
    for body, status in {
        b"": 400,
        b"{": 400,
        b"[" * 100_000: 400,
        b"[]": 422,
        b'{"events": {}}': 422,
        b'{"events": [], "more": 1}': 422,
        b'{"key": 1, "events": []}': 422,
        b"\xff": 400,
    }.items():
        answer = await http.post(PATH, content=body, headers=headers)
        assert answer.status_code == status, body[:20]
        assert answer.headers["content-type"] == "application/problem+json"
    form = await http.post(PATH, data={"events": "[]"}, headers=headers)
    assert form.status_code == 415
    assert await engagement.counted() == NOTHING


async def test_keys_that_do_not_fit_are_refused(engagement: Engagement) -> None:
    publisher = engagement.publisher["id"]
    revoked = await engagement.api.key(publisher, "engagement:write")
    path = f"/api/publishers/{publisher}/api-keys/{revoked['id']}"
    await engagement.api.staff.delete(path)
    poor = await engagement.api.key(publisher, "profile:read")
    client = await engagement.api.client(publisher, "engagement:write")
    token = (await engagement.api.token(client)).json()["access_token"]
    prefix = engagement.page_key.rpartition("_")[0]
    good = {"type": "impression", "item_id": engagement.items[0]}
    for key, status in {
        "nonsense": 401,
        prefix: 401,
        f"{prefix}_{'0' * 64}": 401,
        f"pk_live_{'0' * 32}_{'0' * 64}": 401,
        engagement.page_key.replace("pk_", "bk_"): 401,
        revoked["key"]: 401,
        poor["key"]: 403,
    }.items():
        answer = await engagement.post(good, **{"X-Api-Key": key})
        assert answer.status_code == status, key
    engagement.api.clock.advance(timedelta(hours=1))
    expired = await engagement.post(good, **{"X-Api-Key": token})
    assert expired.status_code == 401
    for origin in ("https://evil.example", "null", PAGE + ".evil.example", "http://reader.example"):
        assert (await engagement.post(good, Origin=origin)).status_code == 403
    in_query = f"{PATH}?key={engagement.server_key}"
    leaked = await engagement.api.http.post(in_query, json={"events": [good]})
    assert leaked.status_code == 400
    headers = {"X-Api-Key": engagement.page_key, "Authorization": f"Bearer {poor['key']}"}
    assert (await engagement.post(good, **headers)).status_code == 400
    assert (await engagement.api.http.post(PATH, json={"events": [good]})).status_code == 401
    assert await engagement.counted() == NOTHING


async def test_a_revoked_key_ends_within_a_minute(engagement: Engagement) -> None:
    good = impression(engagement.items[0])
    assert (await engagement.post(good)).status_code == 202
    await engagement.db.execute("UPDATE api_key SET revoked_at = now()")
    engagement.api.clock.advance(timedelta(seconds=61))
    assert (await engagement.post(good)).status_code == 401


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
