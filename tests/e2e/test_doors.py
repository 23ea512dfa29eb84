"""Who gets in where: staff with a token, Shopify with a signature, the public without."""

from __future__ import annotations

import httpx

from shared.identity.access import HEADER
from tests.e2e.target import Target
from tests.fixtures.webhooks import signed

STAFF_PATH = "/api/performance-metrics"


async def test_staff_needs_a_token_and_a_service_has_its_own(target: Target) -> None:
    statuses = []
    for token in ("", "no.such.token", target.user_token("a@example.com")):
        answer = await target.staff.get(STAFF_PATH, headers={HEADER: token})
        statuses.append(answer.status_code)
    service = target.service_token("client.access")
    answer = await target.staff.get(STAFF_PATH, headers={HEADER: service})
    assert (statuses, answer.status_code) == ([401, 401, 200], 200)


async def test_the_public_needs_none(target: Target) -> None:
    answer = await target.public.get("/v1/products", params={"limit": "3"})
    assert answer.status_code == 200
    assert len(answer.json()["items"]) == 3


async def test_ingest_shows_nothing_but_its_two_doors(target: Target) -> None:
    for path in ("/health", "/runs", "/dead-letters", "/measurement/query/summary", "/docs"):
        assert (await target.ingest.get(path)).status_code == 404, path


async def test_a_delivery_needs_the_secret(target: Target) -> None:
    domain = (await target.shop.state())["shop"]["domain"]
    raw, headers = signed({"id": 1}, "orders/updated", shop=domain, secret="another")
    answer = await target.ingest.post("/webhooks/shopify", content=raw, headers=headers)
    assert answer.status_code == 401


async def test_a_delivery_that_is_no_order_is_a_dead_letter_with_its_reason(
    target: Target,
) -> None:
    domain = (await target.shop.state())["shop"]["domain"]
    raw, headers = signed(
        {"nothing": "of an order"}, "orders/updated", shop=domain, secret=target.webhook_secret
    )
    answer = await target.ingest.post("/webhooks/shopify", content=raw, headers=headers)
    assert answer.status_code == 200, answer.text
    webhook_id = headers["X-Shopify-Webhook-Id"]

    async def letter() -> httpx.Response | None:
        page = await target.internal.get("dead-letters", params={"limit": "100"})
        found = [one for one in page.json()["letters"] if webhook_id in str(one)]
        return found[0] if found else None

    found = await target.eventually(letter)
    assert found["reason"]
    answer = await target.internal.delete(f"dead-letters/{found['day']}/{found['id']}")
    assert answer.status_code == 200
