"""The entry points of the API: query root and mutations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from local.shopify.queries.fields import Field, Fields, Kind, Search, from_store
from local.shopify.store import Store
from shared.ports import JsonObject


class Root(Protocol):
    """What the entry points ask of the running emulator."""

    def orders(self, arguments: JsonObject) -> Search:
        """Search orders."""
        ...

    def products(self, arguments: JsonObject) -> Search:
        """Search products."""
        ...

    def node(self, gid: str) -> object | None:
        """Return the object of a gid, or None."""
        ...

    def scopes(self) -> Iterable[str]:
        """Return the access scopes that the app was granted."""
        ...

    def bulk_operations(self, arguments: JsonObject) -> Iterable[object]:
        """Return the app's bulk operations."""
        ...

    def subscriptions(self, arguments: JsonObject) -> Iterable[object]:
        """Return the app's webhook subscriptions."""
        ...

    def mutate(self, name: str, arguments: JsonObject) -> JsonObject:
        """Carry out a mutation and return its payload."""
        ...


def _count(search: Search, arguments: JsonObject) -> int:
    limit = arguments.get("limit", 10_000)
    found = 0
    for found, _ in enumerate(search.items, 1):
        if limit is not None and found >= limit:
            break
    return found


def _current(root: Root, arguments: JsonObject, _: Store) -> object:
    newest_first = root.bulk_operations({"reverse": True, **arguments})
    return next(iter(newest_first), None)


def _node(root: Root, arguments: JsonObject, _: Store) -> object:
    return root.node(arguments["id"])


def _nodes(root: Root, arguments: JsonObject, _: Store) -> object:
    return [root.node(gid) for gid in arguments["ids"]]


def _mutation(name: str, payload: str) -> Field:
    def run(root: Root, arguments: JsonObject, _: Store) -> object:
        return root.mutate(name, arguments)

    return from_store(run, Kind.OBJECT, payload)


_QUERY: Fields = {
    "shop": from_store(lambda _, __, store: store.shop, Kind.OBJECT, "Shop"),
    "orders": from_store(lambda root, a, _: root.orders(a), Kind.CONNECTION, "Order"),
    "products": from_store(lambda root, a, _: root.products(a), Kind.CONNECTION, "Product"),
    "ordersCount": from_store(lambda root, a, _: _count(root.orders(a), a), Kind.OBJECT, "Count"),
    "productsCount": from_store(
        lambda root, a, _: _count(root.products(a), a), Kind.OBJECT, "Count"
    ),
    "order": from_store(_node, Kind.OBJECT, "Order"),
    "product": from_store(_node, Kind.OBJECT, "Product"),
    "productVariant": from_store(_node, Kind.OBJECT, "ProductVariant"),
    "node": from_store(_node, Kind.OBJECT, "Node"),
    "nodes": from_store(_nodes, Kind.LIST, "Node"),
    "bulkOperation": from_store(_node, Kind.OBJECT, "BulkOperation"),
    "bulkOperations": from_store(
        lambda root, a, _: root.bulk_operations(a), Kind.CONNECTION, "BulkOperation"
    ),
    "currentBulkOperation": from_store(_current, Kind.OBJECT, "BulkOperation"),
    "currentAppInstallation": from_store(
        lambda root, _, __: root.scopes(), Kind.OBJECT, "AppInstallation"
    ),
    "webhookSubscriptions": from_store(
        lambda root, a, _: root.subscriptions(a), Kind.CONNECTION, "WebhookSubscription"
    ),
    "webhookSubscription": from_store(
        lambda root, a, _: next(iter(root.subscriptions(a)), None),
        Kind.OBJECT,
        "WebhookSubscription",
    ),
}

TYPES: dict[str, Fields] = {
    "QueryRoot": _QUERY,
    "Mutation": {
        "bulkOperationRunQuery": _mutation("bulkOperationRunQuery", "BulkOperationRunQueryPayload"),
        "bulkOperationCancel": _mutation("bulkOperationCancel", "BulkOperationCancelPayload"),
        "metafieldsSet": _mutation("metafieldsSet", "MetafieldsSetPayload"),
        "tagsAdd": _mutation("tagsAdd", "TagsPayload"),
        "tagsRemove": _mutation("tagsRemove", "TagsPayload"),
        "webhookSubscriptionCreate": _mutation(
            "webhookSubscriptionCreate", "WebhookSubscriptionPayload"
        ),
        "webhookSubscriptionUpdate": _mutation(
            "webhookSubscriptionUpdate", "WebhookSubscriptionPayload"
        ),
        "webhookSubscriptionDelete": _mutation(
            "webhookSubscriptionDelete", "WebhookSubscriptionDeletePayload"
        ),
    },
}
