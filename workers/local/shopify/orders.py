"""An order of the emulated shop: the one truth that GraphQL, bulk files and webhooks render.

Times are epoch seconds. `quantity` of a line is as ordered; edits remove `removed` units, refunds
give back others, and open or closed returns hold some that are not refunded (yet), so
`current = quantity - removed - refunded - returning`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from local.shopify.money import Bag, Currencies, plus


@dataclass(slots=True)
class Address:
    """Where an order is billed or sent."""

    first_name: str | None
    last_name: str | None
    company: str | None
    address1: str | None
    address2: str | None
    city: str | None
    province: str | None
    province_code: str | None
    country: str
    country_code: str
    zip: str | None
    phone: str | None
    latitude: float | None = None
    longitude: float | None = None


@dataclass(slots=True)
class Customer:
    """Who bought; None on a guest checkout."""

    id: int
    first_name: str
    last_name: str
    email: str | None
    phone: str | None
    created_at: int

    @property
    def gid(self) -> str:
        """Return the customer's gid."""
        return f"gid://shopify/Customer/{self.id}"


@dataclass(slots=True)
class TaxLine:
    """One tax on a line, on shipping, or summed over the order."""

    title: str
    rate_ppm: int
    price: Bag


@dataclass(slots=True)
class DiscountApplication:
    """One discount of the order, allocated to lines or shipping lines."""

    index: int
    kind: str
    """`code`, `automatic` or `manual`."""
    title: str
    value: Bag | None
    percentage_ppm: int | None
    target_type: str
    target_selection: str
    allocation_method: str


@dataclass(slots=True)
class DiscountAllocation:
    """The part of a discount that falls on one line."""

    application: DiscountApplication
    amount: Bag


@dataclass(slots=True)
class Line:
    """One line of an order; discounts and taxes are for the whole ordered quantity."""

    id: int
    title: str
    variant_title: str | None
    sku: str | None
    vendor: str | None
    product_id: int | None
    variant_id: int | None
    quantity: int
    unit_price: Bag
    discounts: list[DiscountAllocation]
    tax_lines: list[TaxLine]
    is_gift_card: bool
    taxable: bool
    requires_shipping: bool
    grams: int
    custom_attributes: tuple[tuple[str, str], ...] = ()
    added_at: int | None = None
    removed: int = 0
    refunded: int = 0
    fulfilled: int = 0
    withdrawn: int = 0
    """Units given back before they were shipped."""
    returning: int = 0
    """Units of open and closed returns that are not refunded."""

    @property
    def gid(self) -> str:
        """Return the line's gid."""
        return f"gid://shopify/LineItem/{self.id}"

    @property
    def kept(self) -> int:
        """Return the units ordered and not edited out."""
        return self.quantity - self.removed

    @property
    def current(self) -> int:
        """Return the units that remain after edits, refunds and returns."""
        return self.unrefunded - self.returning

    @property
    def unrefunded(self) -> int:
        """Return the units that remain after edits and refunds."""
        return self.quantity - self.removed - self.refunded

    @property
    def name(self) -> str:
        """Return title and variant as one text."""
        return f"{self.title} - {self.variant_title}" if self.variant_title else self.title


@dataclass(slots=True)
class ShippingLine:
    """What the buyer pays for delivery."""

    id: int
    title: str
    code: str
    source: str
    price: Bag
    discounted: Bag
    tax_lines: list[TaxLine]
    is_removed: bool = False

    @property
    def gid(self) -> str:
        """Return the shipping line's gid."""
        return f"gid://shopify/ShippingLine/{self.id}"


@dataclass(slots=True)
class Transaction:
    """One movement of money, or the attempt."""

    id: int
    kind: str
    status: str
    gateway: str
    amount: Bag
    created_at: int
    processed_at: int
    test: bool
    parent: Transaction | None = None
    error_code: str | None = None
    authorization_expires_at: int | None = None

    @property
    def gid(self) -> str:
        """Return the transaction's gid."""
        return f"gid://shopify/OrderTransaction/{self.id}"


@dataclass(slots=True)
class RefundLine:
    """Units of one line given back; `net` is after discounts and without tax."""

    id: int
    line: Line
    quantity: int
    net: Bag
    tax: Bag
    restock_type: str
    taxes_included: bool

    @property
    def subtotal(self) -> Bag:
        """Return the value after discounts: with tax where the order's prices include it."""
        return plus(self.net, self.tax) if self.taxes_included else self.net

    @property
    def gid(self) -> str:
        """Return the refund line's gid."""
        return f"gid://shopify/RefundLineItem/{self.id}"


@dataclass(slots=True)
class Refund:
    """One refund: lines, money, either or both."""

    id: int
    created_at: int
    note: str | None
    money: Bag
    shipping: Bag
    lines: list[RefundLine]
    transactions: list[Transaction]
    of_return: Return | None = None

    @property
    def gid(self) -> str:
        """Return the refund's gid."""
        return f"gid://shopify/Refund/{self.id}"


@dataclass(slots=True)
class FulfillmentLine:
    """Units of one line that one shipment carries."""

    id: int
    line: Line
    quantity: int

    @property
    def gid(self) -> str:
        """Return the fulfillment line's gid."""
        return f"gid://shopify/FulfillmentLineItem/{self.id}"


@dataclass(slots=True)
class Fulfillment:
    """One shipment."""

    id: int
    name: str
    status: str
    display_status: str | None
    created_at: int
    updated_at: int
    delivered_at: int | None
    in_transit_at: int | None
    estimated_delivery_at: int | None
    service: str
    tracking: tuple[tuple[str, str, str], ...]
    """Company, number, URL."""
    lines: list[FulfillmentLine]

    @property
    def gid(self) -> str:
        """Return the fulfillment's gid."""
        return f"gid://shopify/Fulfillment/{self.id}"


@dataclass(slots=True)
class ReturnLine:
    """Units of one shipped line that come back."""

    id: int
    shipped: FulfillmentLine
    quantity: int
    refunded: int
    reason: str
    note: str

    @property
    def gid(self) -> str:
        """Return the return line's gid."""
        return f"gid://shopify/ReturnLineItem/{self.id}"


@dataclass(slots=True)
class Return:
    """One return, from the request on."""

    id: int
    name: str
    status: str
    created_at: int
    approved_at: int | None
    closed_at: int | None
    lines: list[ReturnLine]
    exchanged: list[Line] = field(default_factory=list)
    """Lines of the order that are sent in exchange."""

    @property
    def gid(self) -> str:
        """Return the return's gid."""
        return f"gid://shopify/Return/{self.id}"


@dataclass(slots=True)
class Edit:
    """One change of the order by staff: units taken out, lines put in."""

    at: int
    removed: list[tuple[Line, int]]
    added: list[Line]


@dataclass(slots=True)
class Order:
    """One order."""

    index: int
    id: int
    name: str
    number: int
    confirmation_number: str | None
    created_at: int
    processed_at: int
    updated_at: int
    currencies: Currencies
    taxes_included: bool
    tax_exempt: bool
    customer: Customer | None
    email: str | None
    phone: str | None
    billing: Address | None
    shipping: Address | None
    source_name: str
    gateway: str | None
    tags: list[str]
    note: str | None
    po_number: str | None
    customer_locale: str | None
    landing_page: str | None
    referrer: str | None
    test: bool
    custom_attributes: tuple[tuple[str, str], ...]
    discount_codes: tuple[str, ...]
    discount_applications: list[DiscountApplication] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    shipping_lines: list[ShippingLine] = field(default_factory=list)
    transactions: list[Transaction] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)
    fulfillments: list[Fulfillment] = field(default_factory=list)
    returns: list[Return] = field(default_factory=list)
    edits: list[Edit] = field(default_factory=list)
    cancelled_at: int | None = None
    cancel_reason: str | None = None
    closed_at: int | None = None
    financial_override: str | None = None
    """A status that the facts do not imply: EXPIRED, VOIDED, or one this version has never seen."""
    fulfillment_override: str | None = None

    @property
    def gid(self) -> str:
        """Return the order's gid."""
        return f"gid://shopify/Order/{self.id}"
