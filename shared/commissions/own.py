"""What a publisher reads of its commissions; those of others do not exist for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from shared.commissions.models import CommissionStatus
from shared.commissions.own_schemas import (
    OwnCommission,
    OwnCommissionExplained,
    OwnDispute,
    OwnPayout,
    OwnPayoutLines,
)
from shared.commissions.payouts_repository import Payouts
from shared.commissions.reading import explained
from shared.commissions.reading_repository import CommissionReads
from shared.commissions.review import Objector, dispute
from shared.commissions.schemas import PayoutLines
from shared.ports import Database
from shared.publishers.access_models import Caller


async def own_commissions(
    db: Database,
    caller: Caller,
    *,
    status: CommissionStatus | None,
    currency: str | None,
    before: tuple[datetime, str] | None,
    limit: int,
) -> Sequence[OwnCommission]:
    """Return the caller's commissions, newest first."""
    found = await CommissionReads(db).newest(
        publisher_id=caller.publisher_id,
        status=status,
        currency=currency,
        order_id=None,
        before=before,
        limit=limit,
    )
    return [OwnCommission.model_validate(commission.model_dump()) for commission in found]


async def own_commission(
    db: Database, caller: Caller, commission_id: str
) -> OwnCommissionExplained:
    """Return one of the caller's commissions, explained. Raises NotFound."""
    found = await explained(db, commission_id, publisher_id=caller.publisher_id)
    return OwnCommissionExplained.model_validate(found.model_dump())


async def own_payouts(
    db: Database, caller: Caller, *, before: tuple[datetime, str] | None, limit: int
) -> Sequence[OwnPayout]:
    """Return what the caller was paid, newest first."""
    found = await Payouts(db).newest(
        publisher_id=caller.publisher_id, currency=None, before=before, limit=limit
    )
    return [OwnPayout.model_validate(payout.model_dump()) for payout in found]


def own_lines(payout: PayoutLines) -> OwnPayoutLines:
    """Return a payout as its publisher sees it."""
    return OwnPayoutLines.model_validate(payout.model_dump())


async def raise_dispute(
    db: Database, caller: Caller, commission_id: str, reason: str, *, at: datetime
) -> OwnDispute:
    """Object to one of the caller's commissions.

    Raises:
        NotFound: It has none with this id, whoever else may.
        NotDisputable: It is disputed already, paid or reversed.
    """
    by = Objector("publisher", caller.limited_by, caller.publisher_id)
    kept = await dispute(db, commission_id, reason, by=by, at=at)
    return OwnDispute.model_validate(kept.model_dump())
