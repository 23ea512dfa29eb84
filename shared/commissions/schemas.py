"""What staff and publishers see and send of commissions. Amounts are in minor units."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from shared.commissions.ledger import AccountKind, TransactionKind
from shared.commissions.models import Conversion, DisputeOutcome, Fact, FactKind, NothingBecause
from shared.commissions.own_schemas import (
    InvoiceLineRead,
    OwnCommission,
    OwnConversion,
    OwnDispute,
    OwnPayout,
    PaidLine,
)
from shared.publishers.models import Reference

APPROVALS_MAX: Final = 1_000
"""Of one request: one transaction, far below its 20 s."""
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", examples=["EUR"])]


def _plain(text: str) -> str:
    if "\x00" in text:
        raise ValueError("must not contain a NUL character")
    return text


def _text(text: str) -> str:
    if not (kept := _plain(text).strip()):
        raise ValueError("must not be empty")
    return kept


def _text_or_none(text: str | None) -> str | None:
    return None if text is None else _text(text)


BankReference = Annotated[
    str, Field(max_length=255, description="What the bank calls it."), AfterValidator(_text)
]


class CodeContent(BaseModel):
    """A discount code that is to stand for a publisher."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"code": "READER10", "publisher_id": "pub_1", "program_id": "prg_1"}]
        },
    )

    code: Annotated[
        str,
        Field(max_length=255, description="As in Shopify; upper and lower case are the same."),
        AfterValidator(_text),
    ]
    publisher_id: Reference
    program_id: Reference


class CodeAssigned(BaseModel):
    """A discount code that stands or stood for a publisher."""

    id: str
    code: str
    publisher_id: str
    program_id: str
    created_at: datetime = Field(description="Orders from this instant on count.")
    created_by: str
    ended_at: datetime | None
    ended_by: str | None


class ConversionRead(OwnConversion):
    """One attributed order, with what its attribution rests on."""

    id: str
    order_id: str
    publisher_id: str
    program_id: str
    assignment_id: str | None = Field(description="Of the discount code.")
    rate_id: str | None
    decided_at: datetime
    earns_nothing_because: NothingBecause | None = Field(
        description="`no_rate` was in force, or the publisher placed it: `own_order`."
    )


class CommissionRead(OwnCommission):
    """What one capture earns, less what refunds took back, and who worked on it."""

    conversion_id: str
    transaction_id: str = Field(description="The payment that was captured.")
    publisher_id: str
    updated_at: datetime
    updated_by: str


class EntryRead(BaseModel):
    """One side of a movement: a debit is positive, a credit negative."""

    owner_id: str = Field(description="The publisher, or `merchant`.")
    account: AccountKind
    amount_minor: int


class MovementRead(BaseModel):
    """One balanced movement of the ledger."""

    id: str
    kind: TransactionKind
    amount_minor: int
    fact_kind: FactKind | None
    fact_id: str | None
    fact_minor: int | None = Field(description="The money of the fact when it was booked.")
    payout_id: str | None
    occurred_at: datetime
    booked_at: datetime
    booked_by: str
    entries: list[EntryRead]


class DisputeRead(OwnDispute):
    """An objection to a commission, and who raised and resolved it."""

    commission_id: str
    publisher_id: str
    raised_by: str
    resolved_by: str | None


class CommissionExplained(CommissionRead):
    """A commission from its conversion through its facts to the movements of the ledger."""

    conversion: Conversion
    facts: list[Fact]
    movements: list[MovementRead]
    disputes: list[DisputeRead]
    payments: list[PaidLine]


class ApprovalRequest(BaseModel):
    """What is to be approved: these commissions, or all of a publisher whose hold is over."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"ids": ["com_1"]}, {"due_of_publisher": "pub_1"}]},
    )

    ids: Annotated[list[Reference], Field(min_length=1, max_length=APPROVALS_MAX)] | None = None
    due_of_publisher: Reference | None = None

    @model_validator(mode="after")
    def _says_one(self) -> Self:
        if (self.ids is None) == (self.due_of_publisher is None):
            raise ValueError("give either ids or due_of_publisher")
        return self


class Approval(BaseModel):
    """What was approved by this request."""

    approved: list[str] = Field(description="Those that were approved before are left out.")
    amount_minor: dict[str, int] = Field(description="By currency.")
    has_more: bool = Field(description="Whether more of the publisher are due.")


class DisputeRequest(BaseModel):
    """Why a commission is objected to."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"reason": "The order was a return."}]}
    )

    reason: Annotated[str, Field(max_length=2_000), AfterValidator(_text)]


class ResolutionRequest(BaseModel):
    """What becomes of a disputed commission: `reversed` takes it back, `kept` lets it be approved.

    It says nothing of who was right: a publisher that objects to too little gets `kept` and a note.
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"resolution": "kept", "note": "It is genuine."}]},
    )

    resolution: DisputeOutcome
    note: Annotated[str | None, Field(max_length=2_000), AfterValidator(_text_or_none)] = None


class PayoutRequest(BaseModel):
    """A payment of all that is approved of a publisher in one currency."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"publisher_id": "pub_1", "currency": "EUR", "payment_reference": "SEPA 1"}
            ]
        },
    )

    publisher_id: Reference
    currency: Currency
    expected_minor: Annotated[
        int | None, Field(gt=0, lt=2**63, description="Refused if another amount is owed by now.")
    ] = None
    payment_reference: BankReference | None = None
    note: Annotated[str, Field(max_length=2_000), AfterValidator(_plain)] = ""


class PaymentReference(BaseModel):
    """What the bank calls the transfer of a payout; null if that was noted by mistake."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"payment_reference": "SEPA 1"}]}
    )

    payment_reference: BankReference | None


class VoidRequest(BaseModel):
    """Why a payout is taken back."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"reason": "The transfer bounced."}]}
    )

    reason: Annotated[str, Field(max_length=2_000), AfterValidator(_text)]


class PayoutRead(OwnPayout):
    """A payment to a publisher, and who worked on it."""

    publisher_id: str
    note: str
    invoice_id: str
    created_by: str
    payment_reference_at: datetime | None = Field(
        description="When the reference was set or corrected; null if it came with the payout."
    )
    payment_reference_by: str | None
    voided_by: str | None
    void_reason: str | None


class PayoutLines(PayoutRead):
    """A payment with a page of the lines of its invoice, in the order of commissions."""

    lines: list[InvoiceLineRead]
    next_cursor: str | None = Field(description="Asks for the next lines; null on the last.")


class Balance(BaseModel):
    """What a publisher is owed in one currency."""

    currency: str
    pending_minor: int = Field(description="Earned and not approved, disputed ones too.")
    disputed_minor: int
    due_minor: int = Field(description="Pending, and its hold is over.")
    approved_minor: int = Field(
        description="What the next payout pays; negative if refunds came after a payout."
    )
    paid_minor: int = Field(description="Paid so far, without payouts that are void.")


class Balances(BaseModel):
    """What a publisher is owed, by currency."""

    publisher_id: str
    items: list[Balance]
    next_cursor: str | None = Field(description="Asks for the next page; null on the last.")


class StatementLine(BaseModel):
    """One movement as it changes what the publisher is owed."""

    id: str
    kind: TransactionKind
    booked_at: datetime
    occurred_at: datetime
    commission_id: str | None
    order_id: str | None
    payout_id: str | None
    fact_kind: FactKind | None
    fact_id: str | None
    pending_minor: int
    approved_minor: int


class StatementBalance(BaseModel):
    """What was owed at an instant."""

    pending_minor: int
    approved_minor: int


class Statement(BaseModel):
    """The ledger of a publisher in one currency over a period, oldest movement first."""

    publisher_id: str
    currency: str
    since: datetime
    until: datetime
    opening: StatementBalance
    closing: StatementBalance
    items: list[StatementLine]
    next_cursor: str | None = Field(description="Asks for the next page; null on the last.")
