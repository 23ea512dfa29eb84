"""The three event streams: the only place where their columns are written down.

Pipelines' schema files, the sinks' SQL and the Iceberg tables are generated from these classes
(`shared/telemetry_schemas.py`), so a column is added here and nowhere else. Pipelines has no
decimal and no date: money is int64 minor units plus an ISO 4217 currency. No event carries
personal data. Streams are append-only and at-least-once: `event_id` is the fact's own, and the
copy with the newest `source_version_at` is the one that counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

CommerceEventType = Literal[
    "order_created",
    "order_completed",
    "order_cancelled",
    "payment_captured",
    "payment_refunded",
    "fulfillment_shipped",
    "return_requested",
]
PublicationEventType = Literal["click", "impression", "view", "engagement", "conversion"]
Stream = Literal["commerce", "publication", "sync"]

Int64 = Annotated[int, Field(ge=-(2**63), le=2**63 - 1)]
"""What the streams' widest integer holds; a larger one would be lost after it was accepted."""


class _Event(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    event_id: str
    """Derived from the fact (UUIDv5): a second delivery has the same one."""
    occurred_at: AwareDatetime
    """When the fact happened, by a source field that never changes for this event id."""
    source_version_at: AwareDatetime
    """Version of the state this copy was made from; readers keep the newest."""


class CommerceEvent(_Event):
    """One fact of an order's life; one row per order line where the fact has lines."""

    event_type: CommerceEventType
    order_id: str
    order_line_id: str | None = None
    product_id: str | None = None
    variant_id: str | None = None
    customer_id: str | None = None
    transaction_id: str | None = None
    refund_id: str | None = None
    fulfillment_id: str | None = None
    return_id: str | None = None
    sku: str | None = None
    product_title: str | None = None
    product_vendor: str | None = None
    quantity: Int64 = 0
    """Units; negative when they come back."""
    amount_minor: Int64 = 0
    """Net of discounts and included taxes, in the shop's currency; negative when it goes back.

    Of a `payment_refunded` with an `order_line_id` it is the value of the goods taken back, not the
    money that moved: a refund may pay less (a fee, no money at all) or more (shipping, goodwill).
    Only one without a line is the money itself. `payment_captured` is money, with tax.
    """
    currency: str
    presentment_amount_minor: Int64 = 0
    """The same in the buyer's currency."""
    presentment_currency: str
    discount_minor: Int64 = 0
    tax_minor: Int64 = 0
    is_test: bool = False
    """Test orders are stored and streamed, and never measured."""
    financial_status: str | None = None
    fulfillment_status: str | None = None
    country_code: str | None = None
    source_name: str | None = None
    discount_codes: Annotated[list[str], Field(default_factory=list)]
    landing_site: str | None = None
    click_id: str | None = None
    """The signed click id that the order carried, if any: attribution starts here."""


class PublicationEvent(_Event):
    """One interaction of a visitor with a published item."""

    event_type: PublicationEventType
    publisher_id: str
    publication_id: str | None = None
    item_id: str | None = None
    """None only for a conversion by discount code: no item led to it."""
    program_id: str | None = None
    ad_server_id: str | None = None
    product_id: str | None = None
    click_id: str | None = None
    order_id: str | None = None
    visitor_hash: str | None = None
    """Daily-salted hash of address and user agent; neither is kept."""
    country_code: str | None = None
    referrer_host: str | None = None
    device_class: str | None = None
    is_bot: bool = False
    is_prefetch: bool = False
    duration_ms: Int64 | None = None
    amount_minor: Int64 | None = None
    currency: str | None = None


class SyncEvent(_Event):
    """One step of a Workflow run that ended, well or not."""

    event_type: Literal["step_completed", "step_failed", "run_completed", "run_failed"]
    workflow: str
    run_id: str
    step: str
    started_at: AwareDatetime
    duration_ms: Int64
    records_read: Int64 = 0
    records_written: Int64 = 0
    bytes_read: Int64 = 0
    watermark_at: AwareDatetime | None = None
    error_type: str | None = None
    error_detail: str | None = None


EVENTS: Final[Mapping[Stream, type[CommerceEvent | PublicationEvent | SyncEvent]]] = (
    MappingProxyType(
        {"commerce": CommerceEvent, "publication": PublicationEvent, "sync": SyncEvent}
    )
)
"""The class of each stream's events; a stream lands in the table `<stream>.telemetry`."""
