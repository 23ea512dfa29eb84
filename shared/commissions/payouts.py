"""Books payouts: all that is approved in one currency, refunds of what was paid before included.

A payout is booked before the money is transferred, so that a refund in between makes the next one
smaller and not this one wrong.

The payout's id is made of the Idempotency-Key, so that even a request whose answer was lost pays
once; and of two requests at once the second finds nothing left to pay.
"""

from __future__ import annotations

from datetime import datetime

from shared.commissions.ledger import Booking, check_active
from shared.commissions.ledger_repository import CommissionLedger
from shared.commissions.payouts_repository import Payouts, invoice_id
from shared.commissions.schemas import PayoutRead, PayoutRequest
from shared.errors import Conflict, DomainError, FieldProblem, InvalidInput
from shared.idempotency.models import keyed_id
from shared.identity.models import Principal
from shared.ids import derived_id
from shared.ports import Database
from shared.publishers.versioned_repository import PUBLISHERS
from shared.transactions import in_transaction


class NothingToPay(Conflict):
    """Nothing is owed to the publisher in this currency."""


class AnotherAmountOwed(Conflict):
    """What is owed to the publisher is not what was expected."""


class PayoutKeyReused(Conflict):
    """The Idempotency-Key has made another payout."""


class LedgerDisagrees(DomainError):
    """The ledger and the commissions disagree; nothing is paid until that is understood."""


async def pay(
    db: Database, request: PayoutRequest, *, key: str, by: Principal, at: datetime
) -> PayoutRead:
    """Book a payment of the approved balance, with its invoice; the transfer follows it.

    Raises:
        InvalidInput: The publisher is not known.
        NothingToPay: The balance is zero or negative; it is carried into the next payout.
        AnotherAmountOwed: The balance is not what the request expects.
        PublisherNotActive: The publisher is suspended, or not active yet.
        PayoutKeyReused: The key was used for another publisher or currency, or its payout is void.
    """
    payout_id = keyed_id("pay", by.subject, key)
    return await in_transaction(db, lambda: _pay(db, payout_id, request, by, at))


async def _pay(
    db: Database, payout_id: str, request: PayoutRequest, by: Principal, at: datetime
) -> PayoutRead:
    if await PUBLISHERS.find(db, request.publisher_id) is None:
        problem = FieldProblem("/publisher_id", "is not a known publisher")
        raise InvalidInput("/publisher_id: is not a known publisher", problems=[problem])
    ledger, payouts = CommissionLedger(db), Payouts(db)
    statuses = await ledger.lock_publishers([request.publisher_id])
    if (known := await payouts.find(payout_id)) is not None:
        if (known.publisher_id, known.currency) != (request.publisher_id, request.currency):
            raise PayoutKeyReused(f"it has made the payout {known.id}")
        if known.status == "void":
            raise PayoutKeyReused(f"it has made the payout {known.id}, which is void")
        return known
    check_active(request.publisher_id, statuses[request.publisher_id])
    amount = await _amount(payouts, payout_id, request)
    payout = PayoutRead(
        id=payout_id,
        amount_minor=amount,
        invoice_id=invoice_id(payout_id),
        invoice_number=await payouts.next_number(request.publisher_id),
        created_at=at,
        created_by=by.name,
        payment_reference_at=None,
        payment_reference_by=None,
        status="booked",
        voided_at=None,
        voided_by=None,
        void_reason=None,
        **request.model_dump(exclude={"expected_minor"}),
    )
    await payouts.add(payout)
    await payouts.mark_paid(payout_id, at=at, by=by.name)
    await ledger.book([_booking(payout)], at=at, by=by.name)
    return payout


async def _amount(payouts: Payouts, payout_id: str, request: PayoutRequest) -> int:
    amount = await payouts.settle_lines(payout_id, request.publisher_id, request.currency)
    balance = await payouts.approved_balance(request.publisher_id, request.currency)
    if amount != balance:
        raise LedgerDisagrees(f"commissions say {amount}, the ledger says {balance}")
    if amount <= 0:
        raise NothingToPay(f"the approved balance is {amount} minor units of {request.currency}")
    if request.expected_minor not in {None, amount}:
        raise AnotherAmountOwed(f"the approved balance is {amount} minor units")
    return amount


def _booking(payout: PayoutRead) -> Booking:
    return Booking(
        id=derived_id("ltx", payout.id),
        kind="payout",
        publisher_id=payout.publisher_id,
        currency=payout.currency,
        amount_minor=payout.amount_minor,
        debit="approved",
        credit="payout_clearing",
        occurred_at=payout.created_at,
        payout_id=payout.id,
    )
