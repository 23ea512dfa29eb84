"""Attributes orders and books what they earn; settling the same state again changes nothing."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.clock import Clock
from shared.commissions.accrual import earnings
from shared.commissions.attribution import Evidence, Order, attribute
from shared.commissions.conversions_repository import Conversions
from shared.commissions.ledger import Booking, missing
from shared.commissions.ledger_repository import CommissionLedger
from shared.commissions.models import (
    INGEST,
    CodeAssignment,
    Conversion,
    Earning,
    FollowedClick,
    Standing,
)
from shared.engagement.clicks import Click, read
from shared.ids import derived_id
from shared.money import to_minor
from shared.orders.events import click_ids
from shared.orders.models import OrderHeader, OrderState
from shared.ports import Database, Databases, EventStream
from shared.telemetry import PublicationEvent
from shared.transactions import in_transaction


@dataclass(frozen=True, slots=True)
class Settlement:
    """Settles orders on these ports; only clicks that one of the keys signed are believed."""

    databases: Databases
    publication: EventStream
    clock: Clock
    click_keys: Sequence[str]

    async def __call__(self, states: Sequence[OrderState]) -> None:
        """Attribute the orders, book their commissions, then stream the conversions."""
        if not states:
            return
        async with self.databases.open() as db:
            converted = await in_transaction(db, lambda: self._settle(db, states))
        events = [
            _event(state, conversion, self._signed(state.parts.header, conversion))
            for state, conversion in converted
        ]
        if events:
            await self.publication.send([event.model_dump(mode="json") for event in events])

    def _signed(self, header: OrderHeader, conversion: Conversion) -> str | None:
        """Return the click id as the streams carry it: as it was signed."""
        if conversion.click_id is None:
            return None
        for text in click_ids(header):
            click = read(text, *self.click_keys)
            if click is not None and click.id == conversion.click_id:
                return text
        return None

    async def _settle(
        self, db: Database, states: Sequence[OrderState]
    ) -> list[tuple[OrderState, Conversion]]:
        conversions = Conversions(db)
        known = await conversions.of_orders([_id(state) for state in states])
        concerned = [s for s in states if _id(s) in known or _names_somebody(s.parts.header)]
        if not concerned:
            return []
        versions = await conversions.lock_orders([_id(state) for state in concerned])
        # Of an order that was written meanwhile, the writer settles the newer state.
        current = [state for state in concerned if versions.get(_id(state)) == state.version]
        known = await conversions.of_orders([_id(state) for state in current])
        now = self.clock.now()
        fresh = [state.parts.header for state in current if _id(state) not in known]
        found = await _attributed(conversions, fresh, self.click_keys, now)
        await conversions.add(list(found.values()))
        attributed = {**known, **found}
        converted = [(s, attributed[_id(s)]) for s in current if _id(s) in attributed]
        await _book(CommissionLedger(db), converted, self.clock)
        return converted


async def _book(
    ledger: CommissionLedger, converted: Sequence[tuple[OrderState, Conversion]], clock: Clock
) -> None:
    if not converted:
        return
    await ledger.lock_publishers({conversion.publisher_id for _, conversion in converted})
    now = clock.now()  # not earlier: a statement may have been read while this waited
    standing = {one.id: one for one in await ledger.of_orders([_id(s) for s, _ in converted])}
    earned = [
        (conversion, earning)
        for state, conversion in converted
        for earning in earnings(state.parts, conversion.basis_points)
    ]
    opened = [
        (conversion, earning)
        for conversion, earning in earned
        if earning.commission_id not in standing and earning.facts[0].commission_minor
    ]
    await ledger.open(opened, at=now, by=INGEST)
    standing |= {
        earning.commission_id: _opened(conversion, earning) for conversion, earning in opened
    }
    by_id = {earning.commission_id: earning for _, earning in earned}
    booked = await ledger.booked(standing.keys())
    bookings = [
        booking
        for one in standing.values()
        for booking in missing(one, by_id.get(one.id), booked.get(one.id, {}))
    ]
    await _append(ledger, bookings, by_id, now)


async def _append(
    ledger: CommissionLedger,
    bookings: Sequence[Booking],
    earned: Mapping[str, Earning],
    now: datetime,
) -> None:
    changes: dict[str, int] = {}
    for booking in bookings:
        commission_id = booking.commission_id or ""
        changes[commission_id] = changes.get(commission_id, 0) + booking.amount_minor
    await ledger.book(bookings, at=now, by=INGEST)
    captured = {commission_id: earning.captured_minor for commission_id, earning in earned.items()}
    if changes:
        await ledger.change_amounts(changes, captured, at=now, by=INGEST)


async def _attributed(
    conversions: Conversions, headers: Sequence[OrderHeader], keys: Sequence[str], now: datetime
) -> dict[str, Conversion]:
    """Return the conversions of those of these orders that somebody led to."""
    clicks = {header.id: _clicks(header, keys) for header in headers}
    every = {click.id: click.item_id for found in clicks.values() for click in found}
    codes = {code for header in headers for code in _codes(header)}
    referrers = await conversions.referrers(every) if every else {}
    assignments = await conversions.assignments(codes) if codes else ()
    programs = {referrer.program_id for referrer in referrers.values()}
    programs |= {assignment.program_id for assignment in assignments}
    if not programs:
        return {}
    publishers = {referrer.publisher_id for referrer in referrers.values()}
    publishers |= {assignment.publisher_id for assignment in assignments}
    evidence = Evidence(
        await conversions.programs(programs),
        await conversions.rates(programs),
        await conversions.periods(programs | publishers),
        await conversions.email_hashes(publishers),
    )
    found: dict[str, Conversion] = {}
    for header in headers:
        followed = [
            FollowedClick(click.id, click.clicked_at, referrers[click.id])
            for click in clicks[header.id]
            if click.id in referrers
        ]
        order = Order(header, followed, _of_codes(_codes(header), assignments))
        if (conversion := attribute(order, evidence, now)) is not None:
            found[header.id] = conversion
    return found


def _clicks(header: OrderHeader, keys: Sequence[str]) -> list[Click]:
    """Return the clicks whose signature is ours."""
    found = (read(text, *keys) for text in click_ids(header))
    return [click for click in found if click is not None]


def _codes(header: OrderHeader) -> list[str]:
    return [code.upper() for code in json.loads(header.discount_codes)]


def _of_codes(codes: Sequence[str], known: Collection[CodeAssignment]) -> list[CodeAssignment]:
    return [one for code in codes for one in known if one.code.upper() == code]


def _names_somebody(header: OrderHeader) -> bool:
    return bool(click_ids(header)) or header.discount_codes != "[]"


def _opened(conversion: Conversion, earning: Earning) -> Standing:
    return Standing(
        id=earning.commission_id,
        conversion_id=conversion.id,
        order_id=conversion.order_id,
        publisher_id=conversion.publisher_id,
        currency=earning.currency,
        status="pending",
        amount_minor=0,
        paid_minor=0,
    )


def _event(state: OrderState, conversion: Conversion, click: str | None) -> PublicationEvent:
    header, summary = state.parts.header, state.parts.summary
    return PublicationEvent(
        event_id=derived_id("evt", "conversion", header.id),
        event_type="conversion",
        occurred_at=conversion.ordered_at,
        source_version_at=header.shopify_updated_at,
        publisher_id=conversion.publisher_id,
        publication_id=conversion.publication_id,
        item_id=conversion.item_id,
        program_id=conversion.program_id,
        product_id=conversion.product_id,
        click_id=click,
        order_id=header.id,
        amount_minor=to_minor(summary.presentment_total_price, header.presentment_currency),
        currency=header.presentment_currency,
    )


def _id(state: OrderState) -> str:
    return state.parts.header.id
