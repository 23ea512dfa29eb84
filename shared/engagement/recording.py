"""Records engagement, in an order that loses nothing and invents nothing: stream, rows, counters.

The stream has accepted before anything is counted, so a failure counts nothing and may be sent
again; the rows of clicks and conversions are idempotent; counters come last and never fail.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple

from shared.clock import format_instant
from shared.engagement.bindings import EngagementBindings
from shared.engagement.clicks import Click, sign
from shared.engagement.models import Conversion, PublishedItem, Referral, Visitor
from shared.engagement.repository import Conversions, Referrals
from shared.money import to_minor
from shared.ports import CounterPoint, JsonObject
from shared.telemetry import PublicationEventType

COUNTED: Final[tuple[PublicationEventType, ...]] = (
    "click",
    "impression",
    "view",
    "engagement",
    "conversion",
)
"""The order of a counter point's doubles."""
_KEPT: Final = frozenset({"click", "conversion"})
_PLACE: Final = {event_type: place for place, event_type in enumerate(COUNTED)}


class Happening(NamedTuple):
    """One thing that a visitor did with an item, found to be right."""

    event_id: str
    event_type: PublicationEventType
    item: PublishedItem
    occurred_at: datetime
    visitor: Visitor
    click: Click | None = None
    """The click itself, or the one that led to it."""
    click_id: str | None = None
    """The same, signed."""
    duration_ms: int | None = None
    order_reference: str | None = None
    amount: Decimal | None = None
    currency: str | None = None

    @property
    def referral(self) -> Referral | None:
        """Return the click that an order may be attributed to, if this is one."""
        item = self.item
        if self.event_type != "click" or self.click is None or item.program_id is None:
            return None
        return Referral(
            id=self.click.id,
            item_id=item.id,
            publication_id=item.publication_id,
            publisher_id=item.publisher_id,
            program_id=item.program_id,
            product_id=item.product_id,
            clicked_at=self.click.clicked_at,
            visitor_hash=self.visitor.hash,
        )

    @property
    def conversion(self) -> Conversion | None:
        """Return the conversion that the domain keeps, if this is one."""
        if self.event_type != "conversion":
            return None
        return Conversion(
            id=self.event_id,
            publisher_id=self.item.publisher_id,
            publication_id=self.item.publication_id,
            item_id=self.item.id,
            program_id=self.item.program_id,
            click_id=self.click.id if self.click else None,
            order_reference=self.order_reference,
            amount=self.amount,
            currency=self.currency,
            occurred_at=self.occurred_at,
        )


def attributable_click(
    item: PublishedItem, at: datetime, *, event_id: str, visitor: Visitor, key: str
) -> tuple[Click | None, str | None]:
    """Return the click and its signed id, if an order may be attributed to it.

    Its nonce is the event's own digits: the same event is the same click.
    """
    if item.program_id is None or not visitor.is_person:
        return None, None
    click = Click(item.id, at, event_id.rpartition("_")[2])
    return click, sign(click, key)


async def record(
    bindings: EngagementBindings, happenings: Sequence[Happening], now: datetime
) -> None:
    """Record all of them.

    Raises:
        Unavailable: The stream or PostgreSQL is not there; nothing was counted, send it again.
    """
    if not happenings:
        return
    received_at = format_instant(now)
    await bindings.publication.send([_event(one, now, received_at) for one in happenings])
    await _keep(bindings, happenings)
    bindings.counters.write(counter_points(happenings))


def counter_points(happenings: Sequence[Happening]) -> list[CounterPoint]:
    """Return one point for each item: what persons did with it, in the order of `COUNTED`."""
    sums: dict[tuple[str, str], list[float]] = {}
    for one in happenings:
        if one.visitor.is_person:
            key = (one.item.publisher_id, one.item.id)
            doubles = sums.get(key)
            if doubles is None:
                doubles = sums[key] = [0.0] * len(COUNTED)
            doubles[_PLACE[one.event_type]] += 1
    return [
        CounterPoint(publisher_id, (item_id,), tuple(doubles))
        for (publisher_id, item_id), doubles in sums.items()
    ]


async def _keep(bindings: EngagementBindings, happenings: Sequence[Happening]) -> None:
    told = [one for one in happenings if one.event_type in _KEPT]
    referrals = [row for one in told if (row := one.referral) is not None]
    conversions = [kept for one in told if (kept := one.conversion) is not None]
    if not referrals and not conversions:
        return
    async with bindings.databases.open() as db:
        if referrals:
            await Referrals(db).add(referrals)
        if conversions:
            await Conversions(db).add(conversions)


def _event(one: Happening, now: datetime, received_at: str) -> JsonObject:
    """Return an event without what is not known: absent and null are one, and absent is faster."""
    item, visitor = one.item, one.visitor
    event: JsonObject = {
        "event_id": one.event_id,
        "event_type": one.event_type,
        "occurred_at": received_at if one.occurred_at is now else format_instant(one.occurred_at),
        "source_version_at": received_at,
        "publisher_id": item.publisher_id,
        "publication_id": item.publication_id,
        "item_id": item.id,
        "product_id": item.product_id,
        "is_bot": visitor.is_bot,
        "is_prefetch": visitor.is_prefetch,
    }
    for name, value in (
        ("program_id", item.program_id),
        ("ad_server_id", item.ad_server_id),
        ("click_id", one.click_id),
        ("order_id", one.order_reference),
        ("visitor_hash", visitor.hash),
        ("country_code", visitor.country_code),
        ("referrer_host", visitor.referrer_host),
        ("device_class", visitor.device_class),
        ("duration_ms", one.duration_ms),
    ):
        if value is not None:
            event[name] = value
    if one.amount is not None and one.currency is not None:
        event["amount_minor"] = to_minor(one.amount, one.currency)
        event["currency"] = one.currency
    return event
