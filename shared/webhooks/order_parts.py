"""Reads what the bodies say that are about a part of an order: which order, and which facts.

Such a body does not hold the order, so that it is only the occasion to read it, and not even that
where the rows already hold every fact that the body reports.
"""

from __future__ import annotations

from typing import Final

from shared.ids import derived_id
from shared.integrations.shopify import rest_order_events as rest
from shared.integrations.shopify import values as v
from shared.integrations.shopify.trace import guarded
from shared.ports import Database, JsonObject
from shared.webhooks.repository import KnownFacts

_HOLDING: Final = frozenset(
    {"order_transactions/create", "refunds/create", "fulfillments/create", "fulfillments/update"}
)
_NO_ORDER = ""
"""Facts are compared by their own ids."""


@guarded
def order_gid_of(body: JsonObject) -> str | None:
    """Return the gid of the order that a body is about, or None where it does not say.

    Raises:
        MalformedNode: It says something that is no id.
    """
    whole = body.get("order_edit") or body
    of_order = whole.get("order")
    if of_order is not None:
        return v.rest_gid("Order", of_order)
    return v.gid_of("Order", whole.get("order_id"))


@guarded
def return_gid_of(body: JsonObject) -> str:
    """Return the gid of the return that a body is about.

    Raises:
        MalformedNode: It names none.
    """
    return v.rest_gid("Return", body)


def holds_its_facts(topic: str) -> bool:
    """Return whether the body of a part says what happened, and not only that something did."""
    return topic in _HOLDING


async def is_known(topic: str, body: JsonObject, db: Database) -> bool:
    """Return whether the rows hold every fact that the body reports.

    Raises:
        MalformedNode: A fact cannot be read.
    """
    facts = KnownFacts(db)
    match topic:
        case "order_transactions/create":
            return await facts.transactions(*_payments({"transactions": [body]}))
        case "refunds/create":
            refund_id, quantities = _refund(body)
            known = await facts.refund(refund_id, quantities)
            return known and await facts.transactions(*_payments(body))
        case "fulfillments/create" | "fulfillments/update":
            shipment = rest.fulfillment(body, _NO_ORDER)
            lines = [line.id for line in rest.fulfillment_lines(body, _NO_ORDER)]
            return await facts.fulfillment(shipment, lines)
        case _:
            return False


@guarded
def _payments(body: JsonObject) -> tuple[list[str], list[str]]:
    payments = body.get("transactions") or ()
    ids = [derived_id("txn", v.rest_gid("OrderTransaction", one)) for one in payments]
    return ids, [v.upper(one["status"]) or "" for one in payments]


@guarded
def _refund(body: JsonObject) -> tuple[str, dict[str, int]]:
    lines = rest.refund_lines(body, _NO_ORDER, taxes_included=False)
    quantities = {line.id: line.quantity for line in lines}
    return derived_id("rfd", v.rest_gid("Refund", body)), quantities
