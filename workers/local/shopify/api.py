"""The Admin API behind one app: what queries and mutations find and do."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from local.shopify.bulk.operations import BulkOperation, BulkOperations
from local.shopify.catalogue import Product
from local.shopify.changes import ShopChanges
from local.shopify.children import find_child
from local.shopify.faults import Faults
from local.shopify.mutations import metafields_set, tags_add, tags_remove
from local.shopify.options import EmulatorOptions
from local.shopify.orders import Order
from local.shopify.queries.fields import Search
from local.shopify.queries.order_fields import OrderView
from local.shopify.queries.pages import Reversed
from local.shopify.queries.schema import published_schema
from local.shopify.queries.search import Filter, parse_search
from local.shopify.store import Store
from local.shopify.totals import financial_status, fulfillment_status, order_totals
from local.shopify.webhooks.delivery import Deliveries
from shared.ids import gid_number
from shared.ports import JsonObject


class AdminApi:
    """The running emulator, as the query compiler sees it."""

    def __init__(self, store: Store, options: EmulatorOptions, faults: Faults) -> None:
        self.store, self.options, self.faults = store, options, faults
        self.schema = published_schema()
        self._temporary = None
        if options.directory is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="bulk-results-")
        directory = options.directory or Path(self._temporary.name if self._temporary else ".")
        directory.mkdir(parents=True, exist_ok=True)
        self.webhooks = Deliveries(store, options, faults)
        self.changes = ShopChanges(store, self.webhooks)
        subscriptions = self.webhooks.subscriptions
        self.operations = BulkOperations(
            store,
            options,
            faults,
            directory=directory,
            schema=self.schema,
            on_finish=self.changes.bulk_finished,
        )
        self.address = ""
        """Where clients reach this emulator; set by each request."""
        self._mutations: dict[str, Callable[[JsonObject], JsonObject]] = {
            "bulkOperationRunQuery": self._run_bulk,
            "bulkOperationCancel": self._cancel_bulk,
            "metafieldsSet": lambda arguments: metafields_set(store, arguments),
            "tagsAdd": self._tagged(tags_add),
            "tagsRemove": self._tagged(tags_remove),
            "webhookSubscriptionCreate": subscriptions.create,
            "webhookSubscriptionUpdate": subscriptions.update,
            "webhookSubscriptionDelete": subscriptions.delete,
        }

    async def close(self) -> None:
        """Stop background work and remove temporary files."""
        await self.operations.close()
        await self.webhooks.close()
        if self._temporary is not None:
            self._temporary.cleanup()

    # --- reading
    def orders(self, arguments: JsonObject) -> Search:
        """Search orders, lazily."""
        query = arguments.get("query", "")
        found = parse_search(query, _ORDER_SEARCH, self.store.shop.timezone)
        candidates = self._candidates(arguments.get("sortKey", "PROCESSED_AT"), found)
        oldest = self._oldest_visible()
        matching = (
            one
            for one in candidates
            if found.matches(one) and (oldest is None or self.store.created_at(one.index) >= oldest)
        )
        items: Iterable[object] = (OrderView(order) for one in matching if (order := one.order))
        if arguments.get("reverse"):
            items = Reversed(list(items)[::-1])
        return Search(items, found.warnings, query)

    def _is_visible(self, order: Order) -> bool:
        oldest = self._oldest_visible()
        return oldest is None or order.created_at >= oldest

    def _oldest_visible(self) -> int | None:
        """Without read_all_orders an app silently sees the orders of 60 days only."""
        if "read_all_orders" in self.options.scopes:
            return None
        return self.store.now() - 60 * 86_400

    def _candidates(self, sort: str, found: Filter) -> Iterator[Candidate]:
        store = self.store
        if sort != "UPDATED_AT" and found.since is None:
            return (Candidate(store, index) for index in store.by_created())
        changed: Iterable[tuple[int, int]] = store.by_updated(found.since, found.until)
        if sort != "UPDATED_AT":
            changed = sorted(changed)
        return (Candidate(store, index, at) for index, at in changed)

    def products(self, arguments: JsonObject) -> Search:
        """Search products."""
        query = arguments.get("query", "")
        found = parse_search(query, _PRODUCT_SEARCH, self.store.shop.timezone)
        items = [one for one in self.store.products.values() if found.matches(one)]
        key = _PRODUCT_SORT.get(arguments.get("sortKey", "ID"), _PRODUCT_SORT["ID"])
        items.sort(key=key, reverse=bool(arguments.get("reverse")))
        return Search(Reversed(items), found.warnings, query)

    def node(self, gid: str) -> object | None:
        """Return the object of a gid, or None: also of an order that the app may not see."""
        try:
            kind, number = gid.split("/")[3], gid_number(gid)
        except (IndexError, ValueError):
            return None
        if kind == "Order":
            order = self.store.order_by_id(number)
            return OrderView(order) if order and self._is_visible(order) else None
        finders: dict[str, Callable[[int], object | None]] = {
            "Product": self.store.product,
            "ProductVariant": self.store.find_variant,
            "BulkOperation": self.operations.find,
        }
        if kind in finders:
            return finders[kind](number)
        found = find_child(self.store, kind, number)
        return found[1] if found and self._is_visible(found[0]) else None

    def scopes(self) -> Iterable[str]:
        """Return the granted access scopes."""
        return self.options.scopes

    def bulk_operations(self, arguments: JsonObject) -> Iterable[object]:
        """Return the app's bulk operations that a search matches."""
        found = parse_search(arguments.get("query"), _OPERATION_SEARCH, self.store.shop.timezone)
        items = [one for one in self.operations.all() if found.matches(one)]
        return Reversed(items[::-1] if arguments.get("reverse") else items)

    def subscriptions(self, arguments: JsonObject) -> Iterable[object]:
        """Return the app's webhook subscriptions."""
        return self.webhooks.subscriptions.list(arguments)

    # --- changing
    def mutate(self, name: str, arguments: JsonObject) -> JsonObject:
        """Carry out a mutation and return its payload."""
        return self._mutations[name](arguments)

    def _run_bulk(self, arguments: JsonObject) -> JsonObject:
        grouped = bool(arguments.get("groupObjects", False))
        return self.operations.run(arguments["query"], self, self.address, group_objects=grouped)

    def _cancel_bulk(self, arguments: JsonObject) -> JsonObject:
        found = self.node(arguments["id"])
        return self.operations.cancel(found if isinstance(found, BulkOperation) else None)

    def _tagged(
        self, change: Callable[[Store, object, list[str]], JsonObject]
    ) -> Callable[[JsonObject], JsonObject]:
        def run(arguments: JsonObject) -> JsonObject:
            tags = arguments["tags"]
            names = tags.split(",") if isinstance(tags, str) else tags
            payload = change(self.store, self.node(arguments["id"]), [n.strip() for n in names])
            if isinstance(payload["node"], Product):
                self.changes.product_changed(payload["node"])
            return payload

        return run


class Candidate:
    """An order that a search looks at; made only when its goods are asked for."""

    __slots__ = ("_order", "_updated_at", "index", "store")

    def __init__(self, store: Store, index: int, updated_at: int | None = None) -> None:
        self.store, self.index, self._updated_at = store, index, updated_at
        self._order: Order | None = None

    @property
    def updated_at(self) -> int:
        """When the order last changed."""
        if self._updated_at is None:
            self._updated_at = self.store.updated_at(self.index)
        return self._updated_at

    @property
    def order(self) -> Order | None:
        """The order itself."""
        if self._order is None:
            self._order = self.store.order(self.index)
        return self._order


def _of_order(read: Callable[[Order], object]) -> Callable[[object], object]:
    def get(found: object) -> object:
        order = found.order if isinstance(found, Candidate) else None
        return None if order is None else read(order)

    return get


def _typed(read: Callable[..., object]) -> Callable[[object], object]:
    return read


def _status(order: Order) -> list[str]:
    if order.cancelled_at is not None:
        return ["any", "cancelled", "closed" if order.closed_at else "not_closed"]
    return ["any", "closed"] if order.closed_at else ["any", "open", "not_closed"]


_ORDER_SEARCH: dict[str, Callable[[object], object]] = {
    "updated_at": _typed(lambda found: found.updated_at),
    "created_at": _typed(lambda found: found.store.created_at(found.index)),
    "processed_at": _of_order(lambda order: order.processed_at),
    "id": _of_order(lambda order: order.id),
    "name": _of_order(lambda order: [order.name, str(order.number)]),
    "status": _of_order(_status),
    "test": _of_order(lambda order: order.test),
    "tag": _of_order(lambda order: order.tags),
    "financial_status": _of_order(lambda o: financial_status(o, order_totals(o))),
    "fulfillment_status": _of_order(fulfillment_status),
    "email": _of_order(lambda order: order.email),
    "customer_id": _of_order(lambda order: order.customer.id if order.customer else None),
}
_PRODUCT_SEARCH: dict[str, Callable[[object], object]] = {
    name: _typed(lambda product, name=name: getattr(product, name))
    for name in ("updated_at", "created_at", "published_at", "id", "status", "title", "vendor")
} | {
    "tag": _typed(lambda product: product.tags),
    "product_type": _typed(lambda product: product.product_type),
    "handle": _typed(lambda product: product.handle),
    "gift_card": _typed(lambda product: product.is_gift_card),
    "sku": _typed(lambda product: [one.sku for one in product.variants]),
}
_PRODUCT_SORT: dict[str, Callable[[Product], tuple[int | str, int]]] = {
    "ID": lambda product: (product.id, 0),
    "UPDATED_AT": lambda product: (product.updated_at, product.id),
    "CREATED_AT": lambda product: (product.created_at, product.id),
    "TITLE": lambda product: (product.title, product.id),
}
_OPERATION_SEARCH: dict[str, Callable[[object], object]] = {
    "status": _typed(lambda operation: operation.status),
    "id": _typed(lambda operation: operation.id),
    "created_at": _typed(lambda operation: operation.created_at),
    "completed_at": _typed(lambda operation: operation.completed_at),
    "operation_type": _typed(lambda _: "query"),
}
