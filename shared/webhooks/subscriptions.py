"""Keeps the webhook subscriptions as they should be: Shopify deletes those that failed eight times.

A subscription is right if it delivers the whole body of its topic, as JSON, in our API version, to
our address. What is wrong is mended; what is not ours to know is reported and left alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Final, Literal, Protocol

from shared import limits
from shared.errors import FieldProblem
from shared.integrations.shopify.errors import ChangeRefused
from shared.ports import JsonObject
from shared.webhooks.topics import TOPICS, Topic, subscribable

PATH: Final = "/webhooks/shopify"
State = Literal["ok", "missing", "wrong address", "wrong version", "not whole", "not granted",
                "surplus"]  # fmt: skip
_LIST: Final = (
    "query Subscriptions($after: String) { webhookSubscriptions(first: 100, after: $after) {"
    " nodes { id topic uri format filter includeFields apiVersion { handle } }"
    " pageInfo { hasNextPage endCursor } } }"
)
_CREATE: Final = (
    "mutation Subscribe($topic: WebhookSubscriptionTopic!, $webhook: WebhookSubscriptionInput!)"
    " { done: webhookSubscriptionCreate(topic: $topic, webhookSubscription: $webhook)"
    " { webhookSubscription { id } userErrors { field message } } }"
)
_UPDATE: Final = (
    "mutation Readdress($id: ID!, $webhook: WebhookSubscriptionInput!)"
    " { done: webhookSubscriptionUpdate(id: $id, webhookSubscription: $webhook)"
    " { webhookSubscription { id } userErrors { field message } } }"
)
_DELETE: Final = (
    "mutation Unsubscribe($id: ID!) { done: webhookSubscriptionDelete(id: $id)"
    " { deletedWebhookSubscriptionId userErrors { field message } } }"
)


class Shopify(Protocol):
    """The part of the client that subscriptions need."""

    async def query(self, document: str, variables: JsonObject | None = None) -> JsonObject:
        """Send a document and return the reply's data."""
        ...

    async def access_scopes(self) -> frozenset[str]:
        """Return the granted scopes."""
        ...


@dataclass(frozen=True, slots=True)
class Finding:
    """How one topic is subscribed to."""

    topic: str
    state: State
    is_mended: bool = False
    detail: str = ""


@dataclass(frozen=True, slots=True)
class _Subscription:
    id: str
    topic: str
    uri: str
    version: str
    is_whole: bool

    @classmethod
    def of(cls, node: JsonObject) -> _Subscription:
        plain = node["format"] == "JSON" and not node["filter"] and not node["includeFields"]
        version = str(node["apiVersion"]["handle"])
        return cls(node["id"], node["topic"], node["uri"], version, bool(plain))

    def state(self, address: str) -> State:
        if self.uri != address:
            return "wrong address"
        if self.version != limits.SHOPIFY_API_VERSION:
            return "wrong version"
        return "ok" if self.is_whole else "not whole"


def webhook_address(base: str) -> str:
    """Return the address that deliveries go to, of the base of ingest's URL."""
    return base.rstrip("/") + PATH


async def audit_subscriptions(client: Shopify, address: str, *, mend: bool) -> Sequence[Finding]:
    """Return how every topic is subscribed to, and mend what is wrong if asked to.

    Args:
        client: The shop's.
        address: Where deliveries are to go.
        mend: Whether to create, readdress and replace.
    """
    scopes = await client.access_scopes()
    found = await _subscriptions(client)
    findings = []
    for topic in subscribable(scopes):
        mine = [one for one in found if one.topic == topic.name]
        findings.append(await _audit_topic(client, topic, mine, address, mend=mend))
    return [*findings, *_left_alone(scopes, found)]


def is_right(findings: Collection[Finding]) -> bool:
    """Return whether nothing is wrong any more."""
    return all(f.is_mended or f.state in {"ok", "surplus"} for f in findings)


def as_documents(findings: Collection[Finding]) -> list[JsonObject]:
    """Return the findings that say something, as JSON."""
    return [asdict(finding) for finding in findings if finding.state != "ok"]


async def _audit_topic(
    client: Shopify, topic: Topic, mine: Sequence[_Subscription], address: str, *, mend: bool
) -> Finding:
    state, nearest = _nearest(mine, address)
    if state == "ok" or not mend:
        return Finding(topic.path, state, detail=nearest.uri if nearest and state != "ok" else "")
    try:
        if state == "wrong address" and nearest is not None:
            await _change(client, _UPDATE, {"id": nearest.id, "webhook": _webhook(address)})
        else:
            if nearest is not None:
                await _change(client, _DELETE, {"id": nearest.id})
            await _change(client, _CREATE, {"topic": topic.name, "webhook": _webhook(address)})
    except ChangeRefused as error:
        return Finding(topic.path, state, detail=str(error))
    return Finding(topic.path, state, is_mended=True)


def _nearest(mine: Sequence[_Subscription], address: str) -> tuple[State, _Subscription | None]:
    """Return the subscription that is most like what it should be."""
    for wanted in ("ok", "not whole", "wrong version", "wrong address"):
        for one in mine:
            if (state := one.state(address)) == wanted:
                return state, one
    return "missing", None


def _left_alone(scopes: Collection[str], found: Sequence[_Subscription]) -> Iterator[Finding]:
    wanted = {topic.name for topic in subscribable(scopes)}
    for topic in TOPICS.values():
        if topic.kind != "compliance" and topic.name not in wanted:
            yield Finding(topic.path, "not granted", detail=f"needs read_{topic.scope}")
    known = {topic.name for topic in TOPICS.values()}
    for one in found:
        if one.topic not in known:
            yield Finding(one.topic, "surplus", detail=one.uri)


async def _subscriptions(client: Shopify) -> list[_Subscription]:
    found: list[_Subscription] = []
    after: str | None = None
    while True:
        page = (await client.query(_LIST, {"after": after}))["webhookSubscriptions"]
        found += [_Subscription.of(node) for node in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


def _webhook(address: str) -> JsonObject:
    return {"uri": address, "format": "JSON"}


async def _change(client: Shopify, document: str, variables: JsonObject) -> None:
    done = (await client.query(document, variables))["done"]
    if errors := done["userErrors"]:
        text = "; ".join(str(error["message"]) for error in errors)
        problems = [FieldProblem("/" + "/".join(e["field"] or ()), e["message"]) for e in errors]
        raise ChangeRefused(text, problems=problems)
