"""A metafield is set against concurrent writers without losing anybody's change."""

from __future__ import annotations

import hashlib
import json

import httpx
import pytest

from shared.integrations.shopify.errors import ChangeRefused, MetafieldContended

OWNER = "gid://shopify/Product/1"
STALE = {
    "code": "STALE_OBJECT",
    "field": ["metafields", "0"],
    "elementIndex": None,
    "message": "The resource has been updated since it was loaded.",
}


class Metafield:
    """One metafield with Shopify's digest rules, and writers that get in between."""

    def __init__(self, wire, value: str | None = None, *, rivals: tuple[str, ...] = ()) -> None:
        self.wire, self.value, self.rivals = wire, value, list(rivals)
        self.writes: list[dict] = []

    @property
    def digest(self) -> str | None:
        return None if self.value is None else hashlib.sha256(self.value.encode()).hexdigest()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        if "metafieldsSet" in body["query"]:
            return self.set(body["variables"]["metafields"][0])
        present = {"value": self.value, "type": "url", "compareDigest": self.digest}
        node = {"id": OWNER, "metafield": None if self.value is None else present}
        if self.rivals:
            reply = self.wire.graphql({"node": node})
            self.value = self.rivals.pop(0)
            return reply
        return self.wire.graphql({"node": node})

    def set(self, wanted: dict) -> httpx.Response:
        self.writes.append(wanted)
        if wanted["compareDigest"] != self.digest:
            return self.wire.graphql({"metafieldsSet": {"metafields": [], "userErrors": [STALE]}})
        self.value = wanted["value"]
        return self.wire.graphql({"metafieldsSet": {"metafields": [{"id": "x"}], "userErrors": []}})


async def set_it(client, value="https://a.example/1"):
    return await client.update_metafield(OWNER, "custom", "asset", value, kind="url")


async def test_an_absent_metafield_is_created_and_only_created(wire):
    field = Metafield(wire)
    assert await set_it(wire(field)[0])
    assert field.value == "https://a.example/1"
    assert field.writes[0]["compareDigest"] is None
    assert field.writes[0]["type"] == "url"


async def test_a_value_that_is_there_already_is_not_written_again(wire):
    """Our own write comes back as a webhook: writing again would loop."""
    field = Metafield(wire, "https://a.example/1")
    assert not await set_it(wire(field)[0])
    assert field.writes == []


async def test_a_stale_digest_is_read_again(wire):
    field = Metafield(wire, "old", rivals=("rival 1", "rival 2"))
    assert await set_it(wire(field)[0])
    assert field.value == "https://a.example/1"
    assert len(field.writes) == 3


async def test_a_rival_that_writes_our_value_ends_the_loop(wire):
    field = Metafield(wire, "old", rivals=("https://a.example/1",))
    assert not await set_it(wire(field)[0])
    assert len(field.writes) == 1


async def test_a_rival_that_never_stops_is_reported_as_retryable(wire):
    field = Metafield(wire, "old", rivals=tuple(f"rival {n}" for n in range(50)))
    with pytest.raises(MetafieldContended) as caught:
        await set_it(wire(field)[0])
    assert caught.value.retryable


async def test_a_refused_value_points_to_what_is_wrong(wire):
    error = {"code": "INVALID_VALUE", "field": ["metafields", "0", "value"], "message": "no url"}
    client, _ = wire(
        wire.graphql({"node": {"id": OWNER, "metafield": None}}),
        wire.graphql({"metafieldsSet": {"metafields": [], "userErrors": [error]}}),
    )
    with pytest.raises(ChangeRefused) as caught:
        await set_it(client)
    assert caught.value.problems[0] == ("/metafields/0/value", "INVALID_VALUE: no url")


async def test_an_owner_that_does_not_exist_is_refused(wire):
    with pytest.raises(ChangeRefused, match="there is no"):
        await set_it(wire(wire.graphql({"node": None}))[0])
