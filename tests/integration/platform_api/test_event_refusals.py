"""What is not right is refused, event by event or whole, and nothing of it is counted."""

import json
from datetime import timedelta
from typing import Any

from shared.clock import format_instant
from shared.engagement.clicks import Click, sign
from shared.publishers.models import item_id
from tests.fixtures.engagement import FIREFOX, PAGE, PATH, Counted, Engagement, impression
from tests.fixtures.platform_api import CLICK_KEY

NOTHING = Counted()

REFUSED: list[tuple[str, dict[str, Any]]] = [
    ("unknown_item", {"item_id": item_id("pbl_none", "prd_1")}),
    ("unknown_item", {"item_id": "no item"}),
    ("unknown_item", {"item_id": "itm_\x00"}),
    ("in_the_future", {"occurred_at": timedelta(minutes=6)}),
    ("too_old", {"occurred_at": timedelta(days=-7, seconds=-1)}),
    ("too_old", {"occurred_at": "0001-01-01T00:00:00+14:00"}),
    ("in_the_future", {"occurred_at": "9999-12-31T23:59:59-14:00"}),
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


async def test_whole_requests_are_refused(engagement: Engagement) -> None:
    good = impression(engagement.items[0])
    assert (await engagement.post(*[good] * 501)).status_code == 422
    assert (await engagement.post()).status_code == 422
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


async def test_too_many_items_cost_only_themselves(engagement: Engagement) -> None:
    many = [impression(item_id("pbl_x", str(n))) for n in range(251)]
    none = [impression(f"no item {n}") for n in range(200)]
    good = impression(engagement.items[0])
    verdicts = (await engagement.post(good, *none, *many)).json()["verdicts"]
    assert verdicts[0]["status"] == "accepted"
    reasons = [one["reason"] for one in verdicts[1:]]
    assert reasons == ["unknown_item"] * 449 + ["too_many_items"] * 2
    assert len((await engagement.counted()).events) == 1


async def test_an_integer_that_nobody_reads_costs_only_itself(engagement: Engagement) -> None:
    good = impression(engagement.items[0])
    text = json.dumps({"events": [good, {**good, "duration_ms": 1}]})
    body = text.replace('"duration_ms": 1', f'"duration_ms": {"9" * 5000}')
    headers = {"Origin": PAGE, "X-Api-Key": engagement.page_key, "User-Agent": FIREFOX}
    answer = await engagement.api.http.post(PATH, content=body, headers=headers)
    assert [one["status"] for one in answer.json()["verdicts"]] == ["accepted", "refused"]


async def test_a_known_page_may_read_why_it_is_refused(engagement: Engagement) -> None:
    good = impression(engagement.items[0])
    allowed = "access-control-allow-origin"
    for events, headers in (
        ([good] * 501, {}),
        ([], {}),
        ([{**good, "event_id": "x" * 100}] * 30_000, {}),
        ([good], {"Content-Type": "application/xml"}),
        ([good], {"X-Api-Key": "nonsense"}),
    ):
        refused = await engagement.post(*events, **headers)
        assert 400 <= refused.status_code < 500
        assert (refused.headers[allowed], refused.headers["vary"]) == (PAGE, "Origin")
        foreign = await engagement.post(*events, **{"Origin": "https://evil.example", **headers})
        assert allowed not in foreign.headers


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
