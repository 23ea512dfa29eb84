"""What was clicked comes back to its publisher: live at once, and from the lake once it landed."""

from datetime import timedelta

from local.lander import Lander

from shared.errors import Unavailable
from shared.ports import JsonObject
from tests.fixtures.engagement import Engagement, impression
from tests.fixtures.measurement import Lab

REPORT = "/v1/publisher/engagement"
COUNTERS = "/v1/publisher/counters"


async def test_from_a_link_to_the_report(engagement: Engagement, lab: Lab) -> None:
    api, (first, second) = engagement.api, engagement.items
    asked: list[str] = []

    class Asked:
        async def query(self, name: str, request: JsonObject, /) -> JsonObject:
            asked.append(name)
            return await lab.engine.query(name, request)

    api.configure(measurement=Asked())
    await engagement.get(f"/v1/r/{first}")
    await engagement.get(f"/v1/pixel.gif?item={second}")
    await engagement.get(f"/v1/r/{first}", **{"User-Agent": "Googlebot/2.1"})
    again = impression(first, event_id="seen-1", occurred_at=api.clock.now().isoformat())
    for _ in range(2):
        await engagement.post(again)
    assert await Lander(engagement.journal, lab.catalog).flush() == 5
    today = api.clock.now().date().isoformat()
    by_day = await api.get(REPORT, engagement.server_key)
    assert by_day.status_code == 200, by_day.text
    [day] = by_day.json()["items"]
    assert (day["key"], day["clicks"], day["impressions"]) == (today, 1, 2)
    assert (day["not_by_persons"], day["visitors"]) == (1, 1)
    by_item = (await api.get(f"{REPORT}?group_by=item", engagement.server_key)).json()
    rows = [(row["key"], row["clicks"], row["impressions"]) for row in by_item["items"]]
    assert rows == [(first, 1, 1), (second, 0, 1)]
    by_list = (await api.get(f"{REPORT}?group_by=publication", engagement.server_key)).json()
    assert [row["key"] for row in by_list["items"]] == [engagement.publication["id"]]
    assert by_list["total"] == by_day.json()["total"]
    assert len(asked) == 3
    assert (await api.get(REPORT, engagement.server_key)).json() == by_day.json()
    assert len(asked) == 3  # the snapshot is the same: the cache has it
    past = await api.get(f"{REPORT}?until=2020-01-31", engagement.server_key)
    assert (past.json()["items"], past.json()["since"]) == ([], "2020-01-02")


async def test_live_counts(engagement: Engagement) -> None:
    first, second = engagement.items
    await engagement.post(impression(first), impression(second), impression(second))
    await engagement.get(f"/v1/r/{first}")
    answer = await engagement.api.get(COUNTERS, engagement.server_key)
    assert answer.status_code == 200, answer.text
    rows = [(row["item_id"], row["clicks"], row["impressions"]) for row in answer.json()["items"]]
    assert rows == [(first, 1, 1), (second, 0, 2)]
    since = (engagement.api.clock.now() + timedelta(seconds=0)).isoformat().replace("+", "%2B")
    engagement.api.clock.advance(timedelta(minutes=1))
    later = await engagement.api.get(f"{COUNTERS}?since={since}", engagement.server_key)
    assert len(later.json()["items"]) == 2


async def test_reports_are_ones_own(engagement: Engagement, lab: Lab) -> None:
    api = engagement.api
    api.configure(measurement=lab.engine)
    await engagement.get(f"/v1/r/{engagement.items[0]}")
    await Lander(engagement.journal, lab.catalog).flush()
    other = await api.publisher("Other")
    foreign = (await api.key(other["id"], "engagement:read"))["key"]
    poor = (await api.key(engagement.publisher["id"], "profile:read"))["key"]
    for path in (REPORT, COUNTERS):
        answer = await api.get(path, foreign)
        assert (answer.status_code, answer.json()["items"]) == (200, [])
        assert (await api.get(path, poor)).status_code == 403
        assert (await api.get(path, engagement.page_key)).status_code == 401
        assert (await api.get(path)).status_code == 401


async def test_what_cannot_be_asked(engagement: Engagement) -> None:
    for query in (
        "group_by=visitor",
        "since=2026-02-30",
        "since=2026-02-02&until=2026-02-01",
        "since=2020-01-01&until=2026-01-01",
    ):
        answer = await engagement.api.get(f"{REPORT}?{query}", engagement.server_key)
        assert answer.status_code == 400, query
    for since in ("2020-01-01T00:00:00Z", "2126-01-01T00:00:00Z", "2026-01-01", "x"):
        answer = await engagement.api.get(f"{COUNTERS}?since={since}", engagement.server_key)
        assert answer.status_code == 400, since

    class Away:
        async def query(self, _name: str, _request: JsonObject, /) -> JsonObject:
            raise Unavailable("measurement is away")

    engagement.api.configure(measurement=Away())
    answer = await engagement.api.get(REPORT, engagement.server_key)
    assert answer.status_code == 503
