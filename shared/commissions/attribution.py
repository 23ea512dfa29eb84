"""Whom an order is attributed to: the last click within the window, else a discount code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from shared.commissions.models import (
    ActivePeriod,
    AppliedRate,
    CodeAssignment,
    Conversion,
    FollowedClick,
    NothingBecause,
    ProgramTerms,
)
from shared.ids import derived_id
from shared.orders.models import OrderHeader

_NO_FACTS: Final = dict.fromkeys(
    (
        *("publication_id", "item_id", "product_id", "click_id", "clicked_at"),
        *("discount_code", "assignment_id"),
    )
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of publishers when an order is attributed.

    Whether publisher and program were active is asked of the instant at which the order was placed,
    so that it does not matter when it is attributed.
    """

    programs: Mapping[str, ProgramTerms]
    rates: Sequence[AppliedRate]
    periods: Sequence[ActivePeriod]
    email_hashes: Mapping[str, str | None]
    """Of publishers, made as those of orders are: nobody earns by what it buys itself."""

    def terms(self, program_id: str, publisher_id: str, at: datetime) -> ProgramTerms | None:
        """Return the program's terms if it and the publisher were active at that instant."""
        active = {period.owner_id for period in self.periods if period.covers(at)}
        return self.programs.get(program_id) if active >= {program_id, publisher_id} else None


@dataclass(frozen=True, slots=True)
class Order:
    """What an order itself says."""

    header: OrderHeader
    clicks: Sequence[FollowedClick]
    codes: Sequence[CodeAssignment]
    """In the order in which the order names them."""


def attribute(order: Order, evidence: Evidence, now: datetime) -> Conversion | None:
    """Return the conversion of an order, or None if nobody led to it. Test orders have none."""
    if order.header.is_test:
        return None
    return next(_by_click(order, evidence, now), None) or next(_by_code(order, evidence, now), None)


def rate_at(
    rates: Sequence[AppliedRate], *, program_id: str, publisher_id: str, at: datetime
) -> AppliedRate | None:
    """Return the rate in force: the publisher's own latest, else the latest of all publishers."""
    begun = [
        rate
        for rate in rates
        if rate.program_id == program_id
        and rate.effective_from <= at
        and rate.publisher_id in {None, publisher_id}
    ]
    return max(begun, key=lambda r: (r.publisher_id is not None, r.effective_from), default=None)


def _by_click(order: Order, evidence: Evidence, now: datetime) -> Iterator[Conversion]:
    placed = order.header.processed_at
    for click in sorted(order.clicks, key=lambda c: (c.clicked_at, c.click_id), reverse=True):
        to = click.referrer
        terms = evidence.terms(to.program_id, to.publisher_id, placed)
        if terms is None or click.clicked_at > min(placed, now):
            continue
        if placed - click.clicked_at <= timedelta(days=terms.attribution_days):
            yield _conversion(
                order,
                evidence,
                terms,
                now,
                kind="click",
                publisher_id=to.publisher_id,
                publication_id=to.publication_id,
                item_id=to.item_id,
                product_id=to.product_id,
                click_id=click.click_id,
                clicked_at=click.clicked_at,
            )


def _by_code(order: Order, evidence: Evidence, now: datetime) -> Iterator[Conversion]:
    placed = order.header.processed_at
    for assignment in order.codes:
        terms = evidence.terms(assignment.program_id, assignment.publisher_id, placed)
        if terms is not None and assignment.stood_at(placed):
            yield _conversion(
                order,
                evidence,
                terms,
                now,
                kind="discount_code",
                publisher_id=assignment.publisher_id,
                discount_code=assignment.code,
                assignment_id=assignment.id,
            )


def _conversion(
    order: Order,
    evidence: Evidence,
    terms: ProgramTerms,
    now: datetime,
    *,
    publisher_id: str,
    **facts: object,
) -> Conversion:
    header = order.header
    rate, nothing_because = _rate(header, evidence, terms.program_id, publisher_id)
    return Conversion(
        id=derived_id("cnv", header.id),
        order_id=header.id,
        publisher_id=publisher_id,
        program_id=terms.program_id,
        window_days=terms.attribution_days,
        hold_days=terms.hold_days,
        rate_id=rate.id if rate else None,
        basis_points=rate.basis_points if rate else 0,
        ordered_at=header.processed_at,
        decided_at=now,
        earns_nothing_because=nothing_because,
        **{**_NO_FACTS, **facts},  # type: ignore[arg-type]
    )


def _rate(
    header: OrderHeader, evidence: Evidence, program_id: str, publisher_id: str
) -> tuple[AppliedRate | None, NothingBecause | None]:
    """Return the rate by which the order earns, or why there is none."""
    if header.email_hash and header.email_hash == evidence.email_hashes.get(publisher_id):
        return None, "own_order"
    rate = rate_at(
        evidence.rates, program_id=program_id, publisher_id=publisher_id, at=header.processed_at
    )
    return rate, None if rate else "no_rate"
