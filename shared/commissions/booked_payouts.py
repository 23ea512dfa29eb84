"""What becomes of a payout after it was booked: its transfer has a reference, or it is void.

A void payout has never paid anything: one movement brings its amount back to the approved account,
and what each line of its invoice paid of a commission is unpaid again. Payout, invoice and number
stay as they are, marked.
"""

from __future__ import annotations

from datetime import datetime

from shared.commissions.ledger import Booking
from shared.commissions.ledger_repository import CommissionLedger
from shared.commissions.payouts_repository import Payouts
from shared.commissions.schemas import PaymentReference, PayoutRead, VoidRequest
from shared.errors import Conflict, NotFound
from shared.idempotency.models import keyed_id
from shared.identity.models import Principal
from shared.ports import Database
from shared.transactions import in_transaction


class PayoutVoid(Conflict):
    """The payout is void."""


async def void(
    db: Database, payout_id: str, request: VoidRequest, *, key: str, by: Principal, at: datetime
) -> PayoutRead:
    """Take a payout back, so that what it paid is approved and can be paid again.

    The movement's id is made of the Idempotency-Key: a request whose answer was lost is answered
    as if it were the first, and every other one is refused.

    Raises:
        NotFound: There is no such payout.
        PayoutVoid: It was taken back before.
    """
    movement_id = keyed_id("ltx", by.subject, key, payout_id)
    return await in_transaction(
        db, lambda: _void(db, payout_id, request.reason, movement_id=movement_id, by=by, at=at)
    )


async def set_reference(
    db: Database, payout_id: str, request: PaymentReference, *, by: Principal, at: datetime
) -> PayoutRead:
    """Note what the bank calls the transfer of a payout, whatever was noted before.

    Raises:
        NotFound: There is no such payout.
        PayoutVoid: Nothing may be transferred for it any more.
    """
    payouts = Payouts(db)
    changed = await payouts.set_reference(payout_id, request.payment_reference, at=at, by=by.name)
    known = await _known(payouts, payout_id)
    if not changed:
        raise _is_void(known)
    return known


async def _void(
    db: Database, payout_id: str, reason: str, *, movement_id: str, by: Principal, at: datetime
) -> PayoutRead:
    ledger, payouts = CommissionLedger(db), Payouts(db)
    await ledger.lock_publishers([(await _known(payouts, payout_id)).publisher_id])
    payout = await _known(payouts, payout_id)
    if payout.status == "void":
        if await ledger.has(movement_id):
            return payout
        raise _is_void(payout)
    await payouts.mark_void(payout_id, reason=reason, at=at, by=by.name)
    await payouts.mark_unpaid(payout_id, at=at, by=by.name)
    await ledger.book([_booking(payout, movement_id, at)], at=at, by=by.name)
    return await _known(payouts, payout_id)


def _booking(payout: PayoutRead, movement_id: str, at: datetime) -> Booking:
    return Booking(
        id=movement_id,
        kind="void",
        publisher_id=payout.publisher_id,
        currency=payout.currency,
        amount_minor=payout.amount_minor,
        debit="payout_clearing",
        credit="approved",
        occurred_at=at,
        payout_id=payout.id,
    )


async def _known(payouts: Payouts, payout_id: str) -> PayoutRead:
    if (found := await payouts.find(payout_id)) is None:
        raise NotFound(f"there is no payout {payout_id}")
    return found


def _is_void(payout: PayoutRead) -> PayoutVoid:
    return PayoutVoid(f"the payout {payout.id} was taken back by {payout.voided_by}")
