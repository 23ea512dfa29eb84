"""Orders as the domain holds them: one record per table row, in the order of the table's columns.

Records are tuples because a bulk sync makes millions of them and hands them to PostgreSQL by
column. Ids are derived from Shopify's gids (`ids.derived_id`), so the same fact read through bulk
GraphQL or a webhook makes the same record. Money is Decimal in the shop's currency unless the
name says `presentment`. Times are aware UTC. JSON columns hold JSON text.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple


class OrderHeader(NamedTuple):
    """One Shopify order: who, when and in which state, without its money."""

    id: str
    shopify_gid: str
    name: str
    number: int
    confirmation_number: str | None
    customer_id: str | None
    email_hash: str | None
    """SHA-256 hex of the trimmed, lower-cased e-mail address."""
    created_at: datetime
    processed_at: datetime
    shopify_updated_at: datetime
    closed_at: datetime | None
    cancelled_at: datetime | None
    cancel_reason: str | None
    is_test: bool
    is_edited: bool | None
    """None where the source does not say (webhook bodies)."""
    currency: str
    presentment_currency: str
    taxes_included: bool
    financial_status: str | None
    """Upper case, Shopify's GraphQL names; new values are stored as they come."""
    fulfillment_status: str | None
    return_status: str | None
    source_name: str | None
    po_number: str | None
    note: str | None
    customer_locale: str | None
    landing_site: str | None
    referring_site: str | None
    tags: str
    """JSON list of strings."""
    discount_codes: str
    """JSON list of strings."""
    custom_attributes: str
    """JSON list of {"key", "value"}."""
    payment_gateways: str
    """JSON list of strings."""


class OrderSummary(NamedTuple):
    """One order's money: as ordered, as it stands now (`current_*`), received and refunded."""

    order_id: str
    total_price: Decimal
    subtotal_price: Decimal
    total_tax: Decimal
    total_discounts: Decimal
    total_shipping: Decimal
    current_total_price: Decimal
    current_subtotal_price: Decimal
    current_total_tax: Decimal
    current_total_discounts: Decimal
    total_received: Decimal
    total_refunded: Decimal
    total_outstanding: Decimal
    presentment_total_price: Decimal
    presentment_subtotal_price: Decimal
    presentment_total_tax: Decimal
    presentment_total_discounts: Decimal
    presentment_total_shipping: Decimal


class OrderAddress(NamedTuple):
    """One billing or shipping address of an order; personal data, erased by customers/redact."""

    id: str
    order_id: str
    kind: str
    """`billing` or `shipping`."""
    first_name: str | None
    last_name: str | None
    company: str | None
    address1: str | None
    address2: str | None
    city: str | None
    province: str | None
    province_code: str | None
    country: str | None
    country_code: str | None
    zip: str | None
    phone: str | None


class OrderLine(NamedTuple):
    """One line of an order. Prices are per unit; discount and tax are for the whole `quantity`."""

    id: str
    shopify_gid: str
    order_id: str
    product_id: str | None
    variant_id: str | None
    sku: str | None
    name: str
    title: str
    variant_title: str | None
    vendor: str | None
    quantity: int
    """As ordered or added; an edit or refund leaves it as it was."""
    current_quantity: int
    """What remains after edits, refunds and returns; see `orders.arithmetic`."""
    is_gift_card: bool
    is_taxable: bool
    requires_shipping: bool
    unit_price: Decimal
    discount_total: Decimal
    tax_total: Decimal
    presentment_unit_price: Decimal
    presentment_discount_total: Decimal
    presentment_tax_total: Decimal
    custom_attributes: str


class OrderTransaction(NamedTuple):
    """One payment transaction: authorization, capture, sale, refund or void."""

    id: str
    shopify_gid: str
    order_id: str
    parent_id: str | None
    kind: str
    status: str
    gateway: str | None
    is_test: bool
    amount: Decimal
    currency: str
    presentment_amount: Decimal
    presentment_currency: str
    created_at: datetime
    processed_at: datetime
    error_code: str | None


class OrderRefund(NamedTuple):
    """One refund, with or without money; its lines are OrderRefundLine."""

    id: str
    shopify_gid: str
    order_id: str
    return_id: str | None
    created_at: datetime
    processed_at: datetime
    total_refunded: Decimal
    presentment_total_refunded: Decimal
    note: str | None


class OrderRefundLine(NamedTuple):
    """What one refund gives back of one order line; one row per (refund, line)."""

    id: str
    """Derived from the refund's gid and the line's gid: bulk and webhook name it differently."""
    order_id: str
    refund_id: str
    order_line_id: str
    quantity: int
    amount: Decimal
    """Positive, after discounts, without tax."""
    tax: Decimal
    presentment_amount: Decimal
    presentment_tax: Decimal


class OrderLineAddition(NamedTuple):
    """When a line was added by an edit or an exchange; lines of the original order have none."""

    order_line_id: str
    order_id: str
    added_at: datetime


class Fulfillment(NamedTuple):
    """One shipment of an order."""

    id: str
    shopify_gid: str
    order_id: str
    name: str | None
    status: str
    display_status: str | None
    created_at: datetime
    updated_at: datetime
    delivered_at: datetime | None
    in_transit_at: datetime | None
    estimated_delivery_at: datetime | None
    total_quantity: int
    service: str | None
    tracking: str
    """JSON list of {"company", "number", "url"}."""


class FulfillmentLine(NamedTuple):
    """How many units of one order line one fulfillment ships; one row per (fulfillment, line)."""

    id: str
    order_id: str
    fulfillment_id: str
    order_line_id: str
    quantity: int


class OrderReturn(NamedTuple):
    """One return, from the request on."""

    id: str
    shopify_gid: str
    order_id: str
    name: str | None
    status: str
    created_at: datetime
    closed_at: datetime | None
    total_quantity: int


class OrderReturnLine(NamedTuple):
    """Units of one order line that a return brings back."""

    id: str
    shopify_gid: str
    order_id: str
    return_id: str
    order_line_id: str | None
    quantity: int
    refunded_quantity: int


@dataclass(frozen=True, slots=True)
class OrderParts:
    """An order, or the part of one that a source delivered: empty tuples are parts not delivered.

    A webhook delivers everything of an order at once; a bulk archive delivers the root with its
    inline lists first and the lines and returns later.
    """

    header: OrderHeader
    summary: OrderSummary
    addresses: tuple[OrderAddress, ...] = ()
    lines: tuple[OrderLine, ...] = ()
    transactions: tuple[OrderTransaction, ...] = ()
    refunds: tuple[OrderRefund, ...] = ()
    refund_lines: tuple[OrderRefundLine, ...] = ()
    fulfillments: tuple[Fulfillment, ...] = ()
    fulfillment_lines: tuple[FulfillmentLine, ...] = ()
    returns: tuple[OrderReturn, ...] = ()
    return_lines: tuple[OrderReturnLine, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderState:
    """The whole of one order as PostgreSQL has it: what its events are computed from."""

    parts: OrderParts
    version: int
    """`order_header.stream_pending_version` at the time of reading."""
    added_at: dict[str, datetime]
    """Line id to the instant an edit added it."""
    shipping_country_code: str | None
