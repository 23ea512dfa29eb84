"""Balances, statements and payouts over HTTP: pages of what they list."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from pydantic import AfterValidator, AwareDatetime, Field

from shared.clock import format_instant
from shared.commissions.payouts_repository import Payouts
from shared.commissions.reading import balances, statement
from shared.commissions.schemas import Balances, Currency, PayoutLines, Statement
from shared.errors import NotFound
from shared.http.newest import position_of
from shared.http.pagination import PageParameters, bad_cursor, decode_cursor, encode_cursor
from shared.ports import Database

_PERIOD: Final = timedelta(days=31)
_FIRST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST: Final = datetime(9000, 1, 1, tzinfo=UTC)


def _sensible(at: datetime) -> datetime:
    if not _FIRST <= at <= _LAST:
        raise ValueError("must be a time after 1970")
    return at


Instant = Annotated[AwareDatetime, AfterValidator(_sensible)]


class StatementParameters(PageParameters):
    """The query parameters of a statement."""

    currency: Currency
    since: Annotated[
        Instant | None, Field(description="31 days before `until` if it is left out.")
    ] = None
    until: Annotated[
        Instant | None,
        Field(description="Not included. Now if it is left out: then ask the next page with it."),
    ] = None


async def read_statement(
    db: Database, publisher_id: str, asked: StatementParameters, *, now: datetime
) -> Statement:
    """Return a page of a publisher's statement.

    Raises:
        BadRequest: The period or the cursor is not valid.
    """
    until = asked.until or now
    found = await statement(
        db,
        publisher_id,
        asked.currency,
        since=asked.since or until - _PERIOD,
        until=until,
        after=position_of(asked.cursor),
        limit=asked.limit,
    )
    if len(found.items) <= asked.limit:
        return found
    items = found.items[: asked.limit]
    cursor = encode_cursor({"at": format_instant(items[-1].booked_at), "id": items[-1].id})
    return found.model_copy(update={"items": items, "next_cursor": cursor})


async def read_balances(
    db: Database, publisher_id: str, page: PageParameters, *, now: datetime
) -> Balances:
    """Return what a publisher is owed, with a page of the currencies.

    Raises:
        NotFound: There is no such publisher.
        BadRequest: The cursor is not one of this list.
    """
    after = _after(page.cursor)
    found = await balances(db, publisher_id, now=now, after=after, limit=page.limit + 1)
    kept = list(found[: page.limit])
    cursor = encode_cursor({"after": kept[-1].currency}) if len(found) > page.limit else None
    return Balances(publisher_id=publisher_id, items=kept, next_cursor=cursor)


async def payout_lines(
    db: Database, payout_id: str, page: PageParameters, *, publisher_id: str | None = None
) -> PayoutLines:
    """Return a payout with a page of its lines.

    Args:
        db: Where it is kept.
        payout_id: The payout.
        page: Which lines.
        publisher_id: Whose it must be, if it matters.

    Raises:
        NotFound: There is none, or it is another publisher's.
        BadRequest: The cursor is not one of this list.
    """
    payouts = Payouts(db)
    found = await payouts.find(payout_id)
    if found is None or publisher_id not in {None, found.publisher_id}:
        raise NotFound(f"there is no payout {payout_id}")
    lines = await payouts.lines(found.invoice_id, after=_after(page.cursor), limit=page.limit + 1)
    kept = list(lines[: page.limit])
    cursor = encode_cursor({"after": kept[-1].commission_id}) if len(lines) > page.limit else None
    return PayoutLines(**found.model_dump(), lines=kept, next_cursor=cursor)


def _after(cursor: str | None) -> str:
    if cursor is None:
        return ""
    position = decode_cursor(cursor)
    match position:
        case {"after": str(after)} if len(position) == 1 and "\0" not in after:
            return after
        case _:
            raise bad_cursor()
