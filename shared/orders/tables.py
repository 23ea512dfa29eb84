"""The tables that an order's records are kept in, and who may overwrite whom."""

from __future__ import annotations

from typing import Any, Final

from shared.orders.models import (
    Fulfillment,
    FulfillmentLine,
    OrderAddress,
    OrderHeader,
    OrderLine,
    OrderRefund,
    OrderRefundLine,
    OrderReturn,
    OrderReturnLine,
    OrderSummary,
    OrderTransaction,
)
from shared.records import RecordTable, Stamp

_WRITTEN_BY: Final = Stamp("written_by", "$1", "excluded.written_by")
_CHILD: Final = (_WRITTEN_BY,)
_ROOT: Final = (
    _WRITTEN_BY,
    Stamp("version", "1", "t.version + 1"),
    Stamp("stream_pending_version", "1", "t.version + 1"),
)

# Keyed by our id, which is a function of Shopify's gid: one key for every table.
HEADERS: Final = RecordTable(
    "order_header",
    OrderHeader,
    stamps=_ROOT,
    json_columns=("tags", "discount_codes", "custom_attributes", "payment_gateways"),
    kept_columns=("is_edited", "return_status"),
    guard="excluded.shopify_updated_at >= t.shopify_updated_at",
)
SUMMARIES: Final = RecordTable("order_summary", OrderSummary, stamps=_CHILD)
ADDRESSES: Final = RecordTable("order_address", OrderAddress, stamps=_CHILD)
# Of a product that is deleted Shopify says nothing more; what it sold stays its own.
LINES: Final = RecordTable(
    "order_line_item",
    OrderLine,
    stamps=_CHILD,
    json_columns=("custom_attributes",),
    kept_columns=("product_id", "variant_id"),
)
TRANSACTIONS: Final = RecordTable("order_transaction", OrderTransaction, stamps=_CHILD)
REFUNDS: Final = RecordTable("order_refund", OrderRefund, stamps=_CHILD)
REFUND_LINES: Final = RecordTable("order_refund_line", OrderRefundLine, stamps=_CHILD)
FULFILLMENTS: Final = RecordTable(
    "fulfillment", Fulfillment, stamps=_CHILD, json_columns=("tracking",)
)
FULFILLMENT_LINES: Final = RecordTable("fulfillment_line", FulfillmentLine, stamps=_CHILD)
RETURNS: Final = RecordTable("order_return", OrderReturn, stamps=_CHILD)
RETURN_LINES: Final = RecordTable("order_return_line", OrderReturnLine, stamps=_CHILD)

CHILDREN: Final[dict[str, RecordTable[Any]]] = {
    "addresses": ADDRESSES,
    "lines": LINES,
    "transactions": TRANSACTIONS,
    "refunds": REFUNDS,
    "refund_lines": REFUND_LINES,
    "fulfillments": FULFILLMENTS,
    "fulfillment_lines": FULFILLMENT_LINES,
    "returns": RETURNS,
    "return_lines": RETURN_LINES,
}
"""The kinds of children by their name in `OrderParts`, in the order in which they are written."""

# What a webhook body does not say stays as it was read otherwise.
SPARSE_CHILDREN: Final[dict[str, RecordTable[Any]]] = {
    **CHILDREN,
    "fulfillments": RecordTable(
        "fulfillment",
        Fulfillment,
        stamps=_CHILD,
        json_columns=("tracking",),
        kept_columns=("delivered_at", "in_transit_at", "estimated_delivery_at"),
    ),
}
