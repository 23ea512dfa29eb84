"""Captures a request of events: each is judged by itself, and what is right is recorded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from shared.engagement import clicks
from shared.engagement.bindings import EngagementBindings, believed_keys, signing_key
from shared.engagement.intake import Intake
from shared.engagement.items import published_items
from shared.engagement.models import PublishedItem, Visitor
from shared.engagement.posters import Poster
from shared.engagement.recording import Happening, attributable_click, record
from shared.engagement.schemas import EngagementEvent, Reason
from shared.ids import derived_id, series
from shared.ports import JsonObject

AHEAD: Final = timedelta(minutes=5)
"""Clocks of visitors differ."""
BACK: Final = timedelta(days=7)
"""How long a page may keep what it could not send."""
_DETAILS: Final[Mapping[Reason, str]] = {
    "unknown_item": "/item_id: is no published item of the publisher",
    "in_the_future": "/occurred_at: is in the future",
    "too_old": "/occurred_at: is more than 7 days ago",
    "forged_click": "/click_id: is no click on this item",
    "secret_key_required": "/type: a conversion needs a secret key",
}


@dataclass(slots=True)
class _Judge:
    poster: Poster
    visitor: Visitor
    items: Mapping[str, PublishedItem | None]
    key: str
    believed: Sequence[str]
    now: datetime
    fresh: Iterator[str]
    """Ids for events that bring none."""
    earliest: datetime = field(init=False)
    latest: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.earliest, self.latest = self.now - BACK, self.now + AHEAD

    def __call__(self, event: EngagementEvent) -> Happening | Reason:
        item = self.items[event.item_id]
        at = event.occurred_at or self.now
        if event.type == "conversion" and self.poster.is_page:
            return "secret_key_required"
        if item is None or item.publisher_id != self.poster.caller.publisher_id:
            return "unknown_item"
        if at > self.latest:
            return "in_the_future"
        if at < self.earliest:
            return "too_old"
        return self._right(event, item, at)

    def _right(
        self, event: EngagementEvent, item: PublishedItem, at: datetime
    ) -> Happening | Reason:
        event_id = self._event_id(event, item)
        click, click_id = None, event.click_id
        if click_id is not None:
            click = clicks.read(click_id, *self.believed)
            if click is None or click.item_id != item.id:
                return "forged_click"
        elif event.type == "click":
            click, click_id = attributable_click(
                item, at, event_id=event_id, visitor=self.visitor, key=self.key
            )
        return Happening(
            event_id,
            event.type,
            item,
            at,
            self.visitor,
            click,
            click_id,
            event.duration_ms,
            event.order_reference,
            event.amount,
            event.currency,
        )

    def _event_id(self, event: EngagementEvent, item: PublishedItem) -> str:
        if event.event_id is None:
            return next(self.fresh)
        return derived_id("evt", item.publisher_id, event.type, item.id, event.event_id)


async def capture(
    bindings: EngagementBindings,
    intake: Intake,
    poster: Poster,
    visitor: Visitor,
    *,
    now: datetime,
    request: str,
) -> JsonObject:
    """Record the right ones and return what became of each, as `schemas.EventsAnswer`.

    `request` is a fresh id: from it are counted up those of events that bring none.

    Raises:
        Unavailable: Nothing was counted; send it again.
    """
    named = (event.item_id for event in intake.events.values())
    items = await published_items(bindings, named, now)
    key, believed = signing_key(bindings.settings), believed_keys(bindings.settings)
    judge = _Judge(poster, visitor, items, key, believed, now, series("evt", request))
    right: dict[str, Happening] = {}
    verdicts: list[JsonObject] = []
    accepted = 0
    for index, event in intake.events.items():
        one = judge(event)
        if isinstance(one, Happening):
            accepted += 1
            right[one.event_id] = one
            verdicts.append(_accepted(index, one))
        else:
            verdicts.append(_refused(index, one, _DETAILS[one]))
    await record(bindings, list(right.values()), now)
    if intake.invalid:
        verdicts += [_refused(index, "invalid", why) for index, why in intake.invalid.items()]
        verdicts.sort(key=lambda verdict: int(verdict["index"]))
    return {"accepted": accepted, "refused": len(verdicts) - accepted, "verdicts": verdicts}


def _accepted(index: int, one: Happening) -> JsonObject:
    verdict = {"index": index, "status": "accepted", "event_id": one.event_id}
    if one.event_type == "click" and one.click_id is not None:
        verdict["click_id"] = one.click_id
    return verdict


def _refused(index: int, reason: Reason, detail: str) -> JsonObject:
    return {"index": index, "status": "refused", "reason": reason, "detail": detail}
