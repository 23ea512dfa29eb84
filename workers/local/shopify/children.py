"""Finds what belongs to an order by its own gid: refunds, shipments and returns are nodes too."""

from __future__ import annotations

from typing import Final

from local.shopify.actions import FIRST_IDS, PER_ORDER
from local.shopify.orders import Fulfillment, Order, Refund, Return
from local.shopify.store import Store

CHILD_TYPES: Final = {Refund: "Refund", Fulfillment: "Fulfillment", Return: "Return"}


Child = Refund | Fulfillment | Return


def find_child(store: Store, kind: str, number: int) -> tuple[Order, Child] | None:
    """Return a refund, fulfillment or return by Shopify's number with its order, or None."""
    if kind not in FIRST_IDS or number < FIRST_IDS[kind]:
        return None
    order = store.order((number - FIRST_IDS[kind]) // PER_ORDER)
    if order is None:
        return None
    children: list[Child] = [
        *(order.refunds if kind == "Refund" else ()),
        *(order.fulfillments if kind == "Fulfillment" else ()),
        *(order.returns if kind == "Return" else ()),
    ]
    return next(((order, child) for child in children if child.id == number), None)
