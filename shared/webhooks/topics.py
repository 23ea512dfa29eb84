"""The webhook topics that this deployment takes, and what each of them is about."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final, Literal, NamedTuple

from shared.integrations.shopify.selections import granted

Kind = Literal["order", "order-part", "order-deleted", "product", "product-deleted", "operation",
               "app", "compliance"]  # fmt: skip


class Topic(NamedTuple):
    """One topic: `orders/create`."""

    path: str
    kind: Kind
    scope: str | None = None
    """What must be granted to subscribe, e.g. `orders` for `read_orders`."""

    @property
    def name(self) -> str:
        """Return the name of the API's enum, e.g. ORDERS_CREATE."""
        return self.path.replace("/", "_").upper()


def _topics() -> Iterator[Topic]:
    for verb in ("create", "updated", "paid", "fulfilled", "cancelled"):
        yield Topic(f"orders/{verb}", "order", "orders")
    yield Topic("orders/edited", "order-part", "orders")
    yield Topic("orders/delete", "order-deleted", "orders")
    for path in ("order_transactions/create", "refunds/create"):
        yield Topic(path, "order-part", "orders")
    for verb in ("create", "update"):
        yield Topic(f"fulfillments/{verb}", "order-part", "fulfillments")
    for verb in (
        "request", "approve", "decline", "cancel", "close", "process", "reopen", "update",
    ):  # fmt: skip
        yield Topic(f"returns/{verb}", "order-part", "returns")
    for verb in ("create", "update"):
        yield Topic(f"products/{verb}", "product", "products")
    yield Topic("products/delete", "product-deleted", "products")
    yield Topic("bulk_operations/finish", "operation")
    yield Topic("app/uninstalled", "app")
    yield Topic("app/scopes_update", "app")
    for path in ("customers/data_request", "customers/redact", "shop/redact"):
        yield Topic(path, "compliance")


TOPICS: Final = {topic.path: topic for topic in _topics()}


def subscribable(scopes: Collection[str]) -> list[Topic]:
    """Return the topics that an app with these scopes subscribes to.

    Those of compliance are not subscribed to: they are part of the app's own configuration.
    """
    return [
        topic
        for topic in TOPICS.values()
        if topic.kind != "compliance" and (topic.scope is None or granted(scopes, topic.scope))
    ]
