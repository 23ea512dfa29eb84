"""Webhook subscriptions as the Admin API keeps them."""

from __future__ import annotations

from dataclasses import dataclass

from local.shopify.queries.pages import Reversed
from local.shopify.store import Store
from shared.ids import gid_number
from shared.ports import JsonObject

_FIRST_ID = 1_090_000_000_000
_SLASHED = ("ORDER_TRANSACTIONS", "BULK_OPERATIONS", "TENDER_TRANSACTIONS")


@dataclass(slots=True)
class App:
    """What the configuration of the app says of its webhooks."""

    api_version: str


@dataclass(slots=True)
class Subscription:
    """One subscription; eight failures in a row delete it."""

    id: int
    topic: str
    """The name of the enum: ORDERS_CREATE."""
    uri: str
    app: App
    created_at: int
    updated_at: int
    name: str | None = None
    filter: str | None = None
    include_fields: tuple[str, ...] = ()
    failures: int = 0

    @property
    def api_version(self) -> str:
        """Return the version of the bodies: the app's, and no subscription has its own."""
        return self.app.api_version

    @property
    def gid(self) -> str:
        """Return the subscription's gid."""
        return f"gid://shopify/WebhookSubscription/{self.id}"


def topic_path(topic: str) -> str:
    """Return `orders/create` for ORDERS_CREATE; what is written with a slash already stays."""
    if "/" in topic:
        return topic
    owner = next((name for name in _SLASHED if topic.startswith(name + "_")), None)
    owner = owner or topic.split("_", 1)[0]
    return f"{owner}/{topic[len(owner) + 1 :]}".lower()


class Subscriptions:
    """All subscriptions of the app."""

    def __init__(self, store: Store, api_version: str) -> None:
        self._store, self.app = store, App(api_version)
        self._all: dict[int, Subscription] = {}
        self._made = 0

    def matching(self, path: str) -> list[Subscription]:
        """Return who wants a topic."""
        return [one for one in self._all.values() if topic_path(one.topic) == path]

    def remove(self, found: Subscription) -> None:
        """Forget a subscription."""
        self._all.pop(found.id, None)

    def list(self, arguments: JsonObject) -> Reversed:
        """Return the subscriptions that the arguments of the query select."""
        topics, uri = arguments.get("topics"), arguments.get("uri")
        if "id" in arguments:
            return Reversed([one for one in self._all.values() if one.gid == arguments["id"]])
        found = [one for one in self._all.values() if topics is None or one.topic in topics]
        return Reversed([one for one in found if uri is None or one.uri == uri])

    def create(self, arguments: JsonObject) -> JsonObject:
        """Answer webhookSubscriptionCreate."""
        given, topic = arguments["webhookSubscription"], arguments["topic"]
        uri = given.get("uri") or given.get("callbackUrl") or ""
        if not uri:
            return _refused(["webhookSubscription", "uri"], "Address can't be blank")
        if any((one.topic, one.uri) == (topic, uri) for one in self._all.values()):
            text = "Address for this topic has already been taken"
            return _refused(["webhookSubscription", "uri"], text)
        now = self._store.now()
        self._made += 1
        made = Subscription(_FIRST_ID + self._made, topic, uri, self.app, now, now)
        _fill(made, given)
        self._all[made.id] = made
        return {"webhookSubscription": made, "userErrors": []}

    def update(self, arguments: JsonObject) -> JsonObject:
        """Answer webhookSubscriptionUpdate."""
        found, given = self._find(arguments["id"]), arguments["webhookSubscription"]
        if found is None:
            return _refused(["id"], "Webhook subscription does not exist")
        found.uri = given.get("uri") or given.get("callbackUrl") or found.uri
        found.updated_at = self._store.now()
        _fill(found, given)
        return {"webhookSubscription": found, "userErrors": []}

    def delete(self, arguments: JsonObject) -> JsonObject:
        """Answer webhookSubscriptionDelete."""
        found = self._find(arguments["id"])
        if found is None:
            refused = _refused(["id"], "Webhook subscription does not exist")
            return {**refused, "deletedWebhookSubscriptionId": None}
        self.remove(found)
        return {"deletedWebhookSubscriptionId": found.gid, "userErrors": []}

    def _find(self, gid: str) -> Subscription | None:
        try:
            return self._all.get(gid_number(gid))
        except ValueError:
            return None


def _fill(subscription: Subscription, given: JsonObject) -> None:
    subscription.name = given.get("name", subscription.name)
    subscription.filter = given.get("filter", subscription.filter)
    if (fields := given.get("includeFields")) is not None:
        subscription.include_fields = tuple(fields)


def _refused(field: list[str], message: str) -> JsonObject:
    return {"webhookSubscription": None, "userErrors": [{"field": field, "message": message}]}
