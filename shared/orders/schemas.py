"""Orders as staff sees them: the whole of one, and what it is looked up by."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.ports import Json

LOOKUP_KEYS_MAX = 100
LOOKUP_PAGE_MAX = 50
"""Orders of one answer: each may have hundreds of lines."""

_Id = Annotated[str, Field(pattern=r"^ord_[0-9a-f]{32}$")]
_Gid = Annotated[str, Field(pattern=r"^gid://shopify/Order/[0-9]{1,19}$")]
_Name = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^\x00]+$")]
_Number = Annotated[int, Field(ge=0, lt=2**63)]
_EmailHash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class OrderKeys(BaseModel):
    """What orders are looked up by; an order that any of these names is found."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"names": ["#1001"], "numbers": [1002]}},
    )

    ids: list[_Id] = Field(default_factory=list)
    gids: list[_Gid] = Field(default_factory=list)
    names: list[_Name] = Field(default_factory=list, description="As Shopify shows it: `#1001`.")
    numbers: list[_Number] = Field(default_factory=list)
    email_hashes: list[_EmailHash] = Field(
        default_factory=list,
        description="SHA-256 (hex) of the trimmed, lower-cased e-mail address.",
    )

    @model_validator(mode="after")
    def _some(self) -> Self:
        keys = sum(len(getattr(self, name)) for name in OrderKeys.model_fields)
        if not 1 <= keys <= LOOKUP_KEYS_MAX:
            raise ValueError(f"name 1 to {LOOKUP_KEYS_MAX} keys in all, not {keys}")
        return self


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class OrderMoney(_Part):
    """The money of an order in the shop's currency: as ordered, as it stands now, received."""

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


class OrderAddressRead(_Part):
    """The billing or shipping address of an order."""

    kind: str
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


class OrderLineRead(_Part):
    """One line of an order; discount and tax are for the whole quantity."""

    id: str
    shopify_gid: str
    product_id: str | None
    variant_id: str | None
    sku: str | None
    name: str
    title: str
    variant_title: str | None
    vendor: str | None
    quantity: int
    current_quantity: int
    is_gift_card: bool
    requires_shipping: bool
    unit_price: Decimal
    discount_total: Decimal
    tax_total: Decimal
    custom_attributes: Json
    added_at: datetime | None = Field(description="When an edit of the order added it.")


class OrderTransactionRead(_Part):
    """One payment transaction."""

    id: str
    shopify_gid: str
    parent_id: str | None
    kind: str
    status: str
    gateway: str | None
    is_test: bool
    amount: Decimal
    currency: str
    presentment_amount: Decimal
    presentment_currency: str
    processed_at: datetime
    error_code: str | None


class OrderRefundLineRead(_Part):
    """What a refund gives back of one line, after discounts and without tax."""

    id: str
    refund_id: str
    order_line_id: str
    quantity: int
    amount: Decimal
    tax: Decimal


class OrderRefundRead(_Part):
    """One refund."""

    id: str
    shopify_gid: str
    return_id: str | None
    created_at: datetime
    processed_at: datetime
    total_refunded: Decimal
    note: str | None
    lines: list[OrderRefundLineRead] = Field(default_factory=list)


class FulfillmentLineRead(_Part):
    """How many units of one line a fulfillment ships."""

    id: str
    fulfillment_id: str
    order_line_id: str
    quantity: int


class FulfillmentRead(_Part):
    """One shipment."""

    id: str
    shopify_gid: str
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
    tracking: Json
    lines: list[FulfillmentLineRead] = Field(default_factory=list)


class OrderHeaderRead(_Part):
    """Who ordered, when, and the state of the order."""

    id: str
    shopify_gid: str
    name: str
    number: int
    confirmation_number: str | None
    customer_id: str | None
    email_hash: str | None
    created_at: datetime
    processed_at: datetime
    shopify_updated_at: datetime
    closed_at: datetime | None
    cancelled_at: datetime | None
    cancel_reason: str | None
    deleted_at: datetime | None
    is_test: bool
    currency: str
    presentment_currency: str
    taxes_included: bool
    financial_status: str | None
    fulfillment_status: str | None
    return_status: str | None
    source_name: str | None
    po_number: str | None
    note: str | None
    tags: list[str]
    discount_codes: list[str]
    custom_attributes: Json
    payment_gateways: list[str]


class OrderRead(OrderHeaderRead):
    """One whole order."""

    summary: OrderMoney | None
    addresses: list[OrderAddressRead]
    lines: list[OrderLineRead]
    transactions: list[OrderTransactionRead]
    refunds: list[OrderRefundRead]
    fulfillments: list[FulfillmentRead]


class FulfillmentDay(_Part):
    """The fulfillments that were created on one day of the shop's time zone."""

    day: date
    total_count: int
    success_count: int
    failure_count: int = Field(description="Cancelled, in error or failed.")
    success_rate: float | None = Field(description="Of all of the day; null on a day of none.")
    failure_rate: float | None
    computed_at: datetime
