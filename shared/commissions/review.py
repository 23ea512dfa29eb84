"""The life of a commission between its facts and its payout: approved, disputed, resolved.

Every change locks the publisher first and judges what it then finds, so of two at once the second
sees what the first did.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from shared.clock import format_instant
from shared.commissions.ledger import check_active, moved, owed_on
from shared.commissions.ledger_repository import CommissionLedger
from shared.commissions.models import Standing
from shared.commissions.review_repository import Reviews
from shared.commissions.schemas import (
    APPROVALS_MAX,
    Approval,
    ApprovalRequest,
    DisputeRead,
    ResolutionRequest,
)
from shared.errors import Conflict, FieldProblem, InvalidInput, NotFound
from shared.identity.models import Principal
from shared.ports import Database
from shared.publishers.versioned_repository import PUBLISHERS
from shared.transactions import in_transaction


class NotApprovable(Conflict):
    """Some of these commissions cannot be approved now; none was."""


class NotDisputable(Conflict):
    """The commission cannot be disputed as it stands."""


class NotDisputed(Conflict):
    """The commission has no open dispute."""


@dataclass(frozen=True, slots=True)
class Objector:
    """Who disputes a commission; a publisher only its own."""

    kind: Literal["staff", "publisher"]
    name: str
    publisher_id: str | None = None


async def approve(
    db: Database, request: ApprovalRequest, *, by: Principal, at: datetime
) -> Approval:
    """Approve commissions, all of them or none; those that are approved already stay so.

    Raises:
        NotFound: There is no such publisher.
        InvalidInput: One of them is not known.
        NotApprovable: One of them is held, disputed, reversed, or nothing is left of it, or its
            publisher is not active.
        PublisherNotActive: All that is due of such a publisher was asked for.
    """
    return await in_transaction(db, lambda: _approve(db, request, by, at))


async def dispute(
    db: Database, commission_id: str, reason: str, *, by: Objector, at: datetime
) -> DisputeRead:
    """Object to a commission: it is not approved nor paid until staff has resolved it.

    Raises:
        NotFound: There is no such commission, or it is another publisher's.
        NotDisputable: It is disputed already, paid or reversed.
    """
    return await in_transaction(db, lambda: _dispute(db, commission_id, reason, by, at))


async def resolve(
    db: Database, commission_id: str, request: ResolutionRequest, *, by: Principal, at: datetime
) -> DisputeRead:
    """End a dispute: the commission is reversed for good, or kept and may be approved.

    Raises:
        NotFound: There is no such commission.
        NotDisputed: It has no open dispute.
    """
    return await in_transaction(db, lambda: _resolve(db, commission_id, request, by, at))


async def _approve(db: Database, request: ApprovalRequest, by: Principal, at: datetime) -> Approval:
    ledger, reviews = CommissionLedger(db), Reviews(db)
    due: Sequence[str] = ()
    if request.due_of_publisher is not None:
        await PUBLISHERS.get(db, request.due_of_publisher)
        statuses = await ledger.lock_publishers([request.due_of_publisher])
        check_active(request.due_of_publisher, statuses[request.due_of_publisher])
        due = await reviews.due(request.due_of_publisher, now=at, limit=APPROVALS_MAX + 1)
    asked = request.ids if request.ids is not None else list(due[:APPROVALS_MAX])
    found, statuses = await _locked(ledger, asked)
    fresh = [one for one in found.values() if owed_on(one.status) == "pending"]
    _refuse(asked, found, await reviews.held([one.id for one in fresh], now=at), statuses)
    times = await reviews.movements([one.id for one in fresh])
    await ledger.book(
        [
            moved(one, "approval", "pending", "approved", cause=str(times[one.id]), at=at)
            for one in fresh
        ],
        at=at,
        by=by.name,
    )
    await ledger.set_status([one.id for one in fresh], "approved", at=at, by=by.name)
    totals: Counter[str] = Counter()
    for one in fresh:
        totals[one.currency] += one.amount_minor
    return Approval(
        approved=[one.id for one in fresh],
        amount_minor=dict(totals),
        has_more=len(due) > APPROVALS_MAX,
    )


def _refuse(
    asked: Sequence[str],
    found: Mapping[str, Standing],
    held: Mapping[str, datetime],
    statuses: Mapping[str, str],
) -> None:
    """Raise what is wrong with the commissions that are to be approved."""
    unknown, wrong = [], []
    for number, commission_id in enumerate(asked):
        pointer, one = f"/ids/{number}", found.get(commission_id)
        if one is None:
            unknown.append(FieldProblem(pointer, "is not a known commission"))
        elif detail := _trouble(one, held.get(one.id), statuses[one.publisher_id]):
            wrong.append(FieldProblem(pointer, detail))
    if unknown:
        raise InvalidInput("some commissions are not known", problems=unknown)
    if wrong:
        raise NotApprovable("; ".join(f"{p.pointer} {p.detail}" for p in wrong), problems=wrong)


def _trouble(one: Standing, held_until: datetime | None, publisher: str) -> str | None:
    """Return why a commission cannot be approved, if so; one that is approved already can."""
    if one.status in {"disputed", "reversed"}:
        return f"is {one.status}"
    if one.status != "pending":
        return None
    if publisher != "active":
        return f"is of a publisher that is {publisher}"
    if one.amount_minor <= 0:
        return "has nothing left of it"
    return None if held_until is None else f"is held until {format_instant(held_until)}"


async def _dispute(
    db: Database, commission_id: str, reason: str, by: Objector, at: datetime
) -> DisputeRead:
    ledger, reviews = CommissionLedger(db), Reviews(db)
    one = await _one(ledger, commission_id)
    if by.publisher_id is not None and one.publisher_id != by.publisher_id:
        raise _missing(commission_id)
    if one.status not in {"pending", "approved"}:
        raise NotDisputable(f"the commission is {one.status}")
    kept = await reviews.add_dispute(
        one.id, one.publisher_id, by_kind=by.kind, by=by.name, reason=reason, at=at
    )
    if one.status == "approved" and one.amount_minor:
        back = moved(one, "suspension", "approved", "pending", cause=kept.id, at=at)
        await ledger.book([back], at=at, by=by.name)
    await ledger.set_status([one.id], "disputed", at=at, by=by.name)
    return kept


async def _resolve(
    db: Database, commission_id: str, request: ResolutionRequest, by: Principal, at: datetime
) -> DisputeRead:
    ledger, reviews = CommissionLedger(db), Reviews(db)
    one = await _one(ledger, commission_id)
    kept = await reviews.resolve(
        one.id, resolution=request.resolution, note=request.note, by=by.name, at=at
    )
    if kept is None:
        raise NotDisputed(f"the commission is {one.status}")
    if request.resolution == "kept":
        await ledger.set_status([one.id], "pending", at=at, by=by.name)
        return kept
    if one.amount_minor:
        back = moved(one, "rejection", "pending", "commission_expense", cause=kept.id, at=at)
        await ledger.book([back], at=at, by=by.name)
    await ledger.set_status([one.id], "reversed", at=at, by=by.name, amount=0)
    return kept


async def _locked(
    ledger: CommissionLedger, ids: Sequence[str]
) -> tuple[Mapping[str, Standing], Mapping[str, str]]:
    """Return commissions as they are once nobody else books for their publishers.

    And the status of each of these publishers.
    """
    found = await ledger.by_ids(set(ids))
    statuses = await ledger.lock_publishers({one.publisher_id for one in found.values()})
    return await ledger.by_ids(set(ids)), statuses


async def _one(ledger: CommissionLedger, commission_id: str) -> Standing:
    found, _ = await _locked(ledger, [commission_id])
    if commission_id not in found:
        raise _missing(commission_id)
    return found[commission_id]


def _missing(commission_id: str) -> NotFound:
    return NotFound(f"there is no commission {commission_id}")
