"""Records engagement, in an order that loses nothing and invents nothing: stream, rows, counters.

The stream has accepted before anything is counted, so a failure counts nothing and may be sent
again; the rows of clicks and conversions are idempotent; counters come last and never fail.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Final, NamedTuple

from shared.engagement.bindings import EngagementBindings
from shared.engagement.clicks import Click, sign
from shared.engagement.memory import ENTRIES
from shared.engagement.models import Conversion, PublishedItem, Referral, Visitor
from shared.engagement.repository import Conversions, Referrals
from shared.money import to_minor
from shared.ports import CounterPoint
from shared.telemetry import PublicationEventType
from shared.telemetry_rows import Part, Rows, part

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
    """What a visitor did with an item, found to be right; once, or several times alike."""

    event_ids: Sequence[str]
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
            id=self.event_ids[0],
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
    await bindings.publication.send(_rows(happenings, now))
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
            doubles[_PLACE[one.event_type]] += len(one.event_ids)
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


def _rows(happenings: Sequence[Happening], received_at: datetime) -> Rows:
    rows = Rows("publication")
    for one in happenings:
        told = _told(
            received_at,
            one.visitor,
            event_type=one.event_type,
            occurred_at=one.occurred_at,
            click_id=one.click_id,
            duration_ms=one.duration_ms,
            amount=one.amount,
            currency=one.currency,
        )
        rows.add(one.event_ids, told, _of_item(one.item))
    return rows


@lru_cache(maxsize=64)
def _told(
    received_at: datetime,
    visitor: Visitor,
    *,
    occurred_at: datetime,
    amount: Decimal | None,
    currency: str | None,
    **rest: object,
) -> Part:
    """Return the columns that say what happened; most events of a request say the same."""
    columns = {
        "occurred_at": occurred_at.astimezone(UTC),
        "source_version_at": received_at,
        "is_bot": visitor.is_bot,
        "is_prefetch": visitor.is_prefetch,
        "visitor_hash": visitor.hash,
        "country_code": visitor.country_code,
        "referrer_host": visitor.referrer_host,
        "device_class": visitor.device_class,
        **rest,
    }
    if amount is not None and currency is not None:
        columns |= {"amount_minor": to_minor(amount, currency), "currency": currency}
    return part("publication", columns)


@lru_cache(maxsize=ENTRIES)
def _of_item(item: PublishedItem) -> Part:
    return part(
        "publication",
        {
            "publisher_id": item.publisher_id,
            "publication_id": item.publication_id,
            "item_id": item.id,
            "product_id": item.product_id,
            "program_id": item.program_id,
            "ad_server_id": item.ad_server_id,
        },
    )
