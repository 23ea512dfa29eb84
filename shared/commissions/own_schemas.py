"""What a publisher sees of its commissions: the facts and the amounts, not who worked on them.

Staff sees the same and more (`schemas.py`). Amounts are in minor units.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from shared.commissions.models import (
    CommissionStatus,
    ConversionKind,
    DisputeOutcome,
    Fact,
    PayoutStatus,
)


class OwnCommission(BaseModel):
    """What one capture of an order earns, less what refunds took back."""

    id: str
    order_id: str
    program_id: str
    currency: str
    captured_minor: int
    amount_minor: int = Field(description="What is left of it.")
    paid_minor: int = Field(description="What payouts that are not void have settled of it.")
    status: CommissionStatus
    earned_at: datetime
    approvable_at: datetime = Field(description="The end of its hold.")
    created_at: datetime


class OwnConversion(BaseModel):
    """Why the order is the publisher's, and at which rate."""

    kind: ConversionKind
    publication_id: str | None
    item_id: str | None
    product_id: str | None
    click_id: str | None
    clicked_at: datetime | None
    discount_code: str | None
    window_days: int
    hold_days: int
    basis_points: int
    ordered_at: datetime


class OwnDispute(BaseModel):
    """An objection to a commission."""

    id: str
    raised_by_kind: Literal["staff", "publisher"]
    raised_at: datetime
    reason: str
    resolution: DisputeOutcome | None = Field(
        description="What became of the commission: `reversed` for good, or `kept`."
    )
    resolved_at: datetime | None
    note: str | None


class InvoiceLineRead(BaseModel):
    """What an invoice pays of a commission."""

    commission_id: str
    order_id: str
    amount_minor: int = Field(description="Negative where a refund came after a payout.")


class PaidLine(InvoiceLineRead):
    """The same, with the payout that it belongs to."""

    payout_id: str
    invoice_number: int
    payout_status: PayoutStatus = Field(description="A void payout has paid nothing of it.")


class OwnCommissionExplained(OwnCommission):
    """A commission with the facts that it follows from."""

    conversion: OwnConversion
    facts: list[Fact]
    disputes: list[OwnDispute]
    payments: list[PaidLine]


class OwnPayout(BaseModel):
    """A payment, with the number of its self-billing invoice; a void one has paid nothing."""

    id: str
    currency: str
    amount_minor: int
    payment_reference: str | None
    invoice_number: int = Field(description="Counts the publisher's invoices, void ones too.")
    created_at: datetime
    status: PayoutStatus
    voided_at: datetime | None


class OwnPayoutLines(OwnPayout):
    """A payment with a page of the lines of its invoice."""

    lines: list[InvoiceLineRead]
    next_cursor: str | None = Field(description="Asks for the next lines; null on the last.")
