"""Keeps the webhook subscriptions as they should be: Shopify deletes those that failed eight times.

A subscription is right if it delivers the whole body of its topic, as JSON, in our API version, to
our address. What is wrong is mended in place, for whatever happens while a topic is not subscribed
to is lost. The version is the app's and not the subscription's: a wrong one is reported, with what
to do, as is what is not ours to know.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
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
    "mutation Mend($id: ID!, $webhook: WebhookSubscriptionInput!)"
    " { done: webhookSubscriptionUpdate(id: $id, webhookSubscription: $webhook)"
    " { webhookSubscription { id } userErrors { field message } } }"
)
_VERSION_ADVICE: Final = (
    "bodies come in version {}, as the app's configuration says: set the API version of its"
    f" webhooks to {limits.SHOPIFY_API_VERSION} there"
)
_STILL_WRONG: Final = "Shopify took the change, and it is so still"
_MENDABLE: Final = frozenset({"missing", "wrong address", "not whole"})
OF_THE_APP: Final = frozenset({"not granted", "wrong version"})
"""What no subscription can mend: the app's scopes and configuration say so."""


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
        if not self.is_whole:
            return "not whole"
        return "ok" if self.version == limits.SHOPIFY_API_VERSION else "wrong version"


def webhook_address(base: str) -> str:
    """Return the address that deliveries go to, of the base of ingest's URL."""
    return base.rstrip("/") + PATH


async def audit_subscriptions(client: Shopify, address: str, *, mend: bool) -> Sequence[Finding]:
    """Return how every topic is subscribed to, and mend what is wrong if asked to.

    What is called mended was read again and is.

    Args:
        client: The shop's.
        address: Where deliveries are to go.
        mend: Whether to create and to change.
    """
    scopes = await client.access_scopes()
    found = await _subscriptions(client)
    topics = subscribable(scopes)
    findings = [_finding(topic, found, address) for topic in topics]
    if mend and any(one.state in _MENDABLE for one in findings):
        refused = {
            topic.path: await _mend(client, topic, found, address)
            for topic, one in zip(topics, findings, strict=True)
            if one.state in _MENDABLE
        }
        again = await _subscriptions(client)
        now = [_finding(topic, again, address) for topic in topics]
        findings = [*_compared(findings, now, refused)]
    return [*findings, *_left_alone(scopes, found)]


def is_right(findings: Collection[Finding]) -> bool:
    """Return whether nothing is wrong any more."""
    return all(f.is_mended or f.state in {"ok", "surplus"} for f in findings)


def as_documents(findings: Collection[Finding]) -> list[JsonObject]:
    """Return the findings that say something, as JSON."""
    return [asdict(finding) for finding in findings if finding.state != "ok"]


def _finding(topic: Topic, found: Collection[_Subscription], address: str) -> Finding:
    state, nearest = _nearest(topic, found, address)
    if nearest is None or state == "ok":
        return Finding(topic.path, state)
    version = state == "wrong version"
    detail = _VERSION_ADVICE.format(nearest.version) if version else nearest.uri
    return Finding(topic.path, state, detail=detail)


def _compared(
    before: Sequence[Finding], now: Sequence[Finding], refused: Mapping[str, str | None]
) -> Iterator[Finding]:
    """Say of what was to be mended whether it is; a version that is wrong besides stays to say."""
    for old, new in zip(before, now, strict=True):
        if old.state not in _MENDABLE:
            yield old
        elif new.state in _MENDABLE:
            yield Finding(old.topic, old.state, detail=refused[old.topic] or _STILL_WRONG)
        else:
            yield Finding(old.topic, old.state, is_mended=True)
            if new.state != "ok":
                yield new


async def _mend(
    client: Shopify, topic: Topic, found: Collection[_Subscription], address: str
) -> str | None:
    """Create or change a topic's subscription; return why Shopify refused to, if it did."""
    _, nearest = _nearest(topic, found, address)
    try:
        if nearest is None:
            created = {"topic": topic.name, "webhook": _webhook(address)}
            await _change(client, _CREATE, created)
        else:
            cleared = {} if nearest.is_whole else {"filter": "", "includeFields": []}
            changed = {**_webhook(address), **cleared}
            await _change(client, _UPDATE, {"id": nearest.id, "webhook": changed})
    except ChangeRefused as error:
        return str(error)
    return None


def _nearest(
    topic: Topic, found: Collection[_Subscription], address: str
) -> tuple[State, _Subscription | None]:
    """Return the topic's subscription that is most like what it should be."""
    mine = [one for one in found if one.topic == topic.name]
    for wanted in ("ok", "wrong version", "not whole", "wrong address"):
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
