"""Links lead into the shop and nowhere else, and count once; the pixel always is a pixel."""

from urllib.parse import parse_qs, urlsplit

from shared.engagement.clicks import read
from shared.publishers.models import item_id
from tests.fixtures.engagement import PAGE, Counted, Engagement
from tests.fixtures.platform_api import CLICK_KEY
from tests.integration.platform_api.test_events import Broken

NOTHING = Counted()


async def test_a_link_leads_to_the_product_with_a_click_id(engagement: Engagement) -> None:
    first, second = engagement.items
    answer = await engagement.get(f"/v1/r/{second}", Referer=f"{PAGE}/best-of?x=1")
    assert answer.status_code == 302
    assert answer.headers["cache-control"] == "no-store"
    target = urlsplit(answer.headers["location"])
    assert target._replace(query="").geturl() == "https://shop.example/p/2"
    query = parse_qs(target.query)
    assert query["a"] == ["1"]
    click = read(query["click_id"][0], CLICK_KEY)
    assert click is not None
    assert click.item_id == second
    counted = await engagement.counted()
    assert [row["id"] for row in counted.referrals] == [click.id]
    [event] = counted.events
    assert (event["event_type"], event["click_id"]) == ("click", query["click_id"][0])
    assert event["referrer_host"] == "reader.example"
    assert counted.counters == {second: [1, 0, 0, 0, 0]}
    other = await engagement.get(f"/v1/r/{first}")
    shop = engagement.api.bindings.settings.SHOP_DOMAIN
    assert other.headers["location"].startswith(f"https://{shop}/products/product-1?click_id=")


async def test_a_link_may_lead_to_another_page_of_the_shop(engagement: Engagement) -> None:
    link = f"/v1/r/{engagement.items[1]}"
    answer = await engagement.get(f"{link}?to=/collections/new%3Fsort%3Dprice%26click_id%3Dx%23top")
    target = urlsplit(answer.headers["location"])
    assert (target.netloc, target.path, target.fragment) == (
        "shop.example", "/collections/new", "top",
    )  # fmt: skip
    query = parse_qs(target.query)
    assert query["sort"] == ["price"]
    assert [read(text, CLICK_KEY) is not None for text in query["click_id"]] == [True]


FOREIGN = [
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example/",
    "/%09/evil.example",
    "\\\\evil.example",
    "evil.example",
    "@evil.example/",
    ":443@evil.example/",
    ".evil.example/",
    "javascript:alert(1)",
    "/a%0d%0aLocation: https://evil.example/",
    "/a b",
    "",
    " /",
    "/" + "a" * 2_000,
]


async def test_a_link_never_leads_to_a_foreign_host(engagement: Engagement) -> None:
    for to in FOREIGN:
        for method in ("GET", "HEAD"):
            answer = await engagement.get(f"/v1/r/{engagement.items[0]}?to={to}", method)
            assert answer.status_code == 400, to
            assert "location" not in answer.headers
    assert await engagement.counted() == NOTHING


async def test_what_is_not_published_leads_nowhere(engagement: Engagement) -> None:
    await engagement.db.execute("UPDATE publication_item SET is_active = false")
    for item in (engagement.items[0], item_id("pbl_none", "prd_1"), "nonsense", "a%2Fb"):
        answer = await engagement.get(f"/v1/r/{item}")
        assert answer.status_code == 404, item
        assert answer.headers["content-type"] == "application/problem+json"
    assert await engagement.counted() == NOTHING


async def test_head_leads_there_and_counts_nothing(engagement: Engagement) -> None:
    answer = await engagement.get(f"/v1/r/{engagement.items[1]}", "HEAD")
    assert (answer.status_code, answer.headers["location"]) == (302, "https://shop.example/p/2?a=1")
    pixel = await engagement.get(f"/v1/pixel.gif?item={engagement.items[1]}", "HEAD")
    assert (pixel.status_code, pixel.headers["content-length"]) == (200, "43")
    assert (await engagement.get(f"/v1/r/{engagement.items[1]}", "POST")).status_code == 405
    assert await engagement.counted() == NOTHING


async def test_an_address_that_is_not_ascii_is_escaped(engagement: Engagement) -> None:
    page = "https://shop.example/p/\u30c6\u30b9\u30c8%20x?a=\u00e9"
    await engagement.db.execute("UPDATE product SET online_store_url = $1", page)
    answer = await engagement.get(f"/v1/r/{engagement.items[1]}", "HEAD")
    assert answer.headers["location"] == (
        "https://shop.example/p/%E3%83%86%E3%82%B9%E3%83%88%20x?a=%C3%A9"
    )


MARKED = [
    ("is_bot", {"User-Agent": "Slackbot-LinkExpanding 1.0"}),
    ("is_bot", {"User-Agent": ""}),
    ("is_prefetch", {"Sec-Purpose": "prefetch;prerender"}),
    ("is_prefetch", {"Purpose": "prefetch"}),
    ("is_prefetch", {"X-Moz": "prefetch"}),
]


async def test_bots_and_prefetches_are_marked_and_earn_nothing(engagement: Engagement) -> None:
    for _, headers in MARKED:
        answer = await engagement.get(f"/v1/r/{engagement.items[1]}", **headers)
        assert answer.headers["location"] == "https://shop.example/p/2?a=1"
    counted = await engagement.counted()
    for (mark, _), event in zip(MARKED, counted.events, strict=True):
        assert event[mark] is True
    assert counted.referrals == []
    assert counted.counters == {}


async def test_a_visitor_gets_there_when_nothing_can_be_recorded(engagement: Engagement) -> None:
    engagement.api.configure(publication=Broken())
    answer = await engagement.get(f"/v1/r/{engagement.items[1]}")
    assert (answer.status_code, answer.headers["location"]) == (302, "https://shop.example/p/2?a=1")
    pixel = await engagement.get(f"/v1/pixel.gif?item={engagement.items[1]}")
    assert pixel.status_code == 200
    assert await engagement.counted() == NOTHING


async def test_the_pixel_counts_an_impression(engagement: Engagement) -> None:
    item = engagement.items[0]
    answer = await engagement.get(f"/v1/pixel.gif?item={item}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/gif")
    assert answer.content[:6] == b"GIF89a"
    assert len(answer.content) == 43
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    counted = await engagement.counted()
    assert [event["event_type"] for event in counted.events] == ["impression"]
    assert counted.counters == {item: [0, 1, 0, 0, 0]}
    for query in ("", "?item=", "?item=nonsense", f"?item={item_id('pbl_none', 'x')}"):
        same = await engagement.get(f"/v1/pixel.gif{query}")
        assert (same.status_code, same.content) == (200, answer.content)
    assert await engagement.counted() == counted
