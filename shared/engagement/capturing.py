"""Captures a request of events: each is judged by itself, and what is right is recorded."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from pydantic_core import to_json

from shared.engagement import clicks
from shared.engagement.bindings import EngagementBindings, believed_keys, signing_key
from shared.engagement.intake import Intake
from shared.engagement.items import beyond_limit, published_items
from shared.engagement.models import PublishedItem, Visitor
from shared.engagement.posters import Poster
from shared.engagement.recording import Happening, attributable_click, record
from shared.engagement.schemas import ITEMS_MAX, EngagementEvent, Reason
from shared.ids import derived_id, series

AHEAD: Final = timedelta(minutes=5)
"""Clocks of visitors differ."""
BACK: Final = timedelta(days=7)
"""How long a page may keep what it could not send."""
_LEAST: Final = 2
"""An event has at least a type and an item; no two clicks are the same one."""
_DETAILS: Final[Mapping[Reason, str]] = {
    "unknown_item": "/item_id: is no published item of the publisher",
    "too_many_items": f"/item_id: a request may name at most {ITEMS_MAX} different items",
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
    beyond: Collection[str]
    """Items that are too many."""
    key: str
    believed: Sequence[str]
    now: datetime
    fresh: Iterator[str]
    """Ids for events that bring none."""
    earliest: datetime = field(init=False)
    latest: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.earliest, self.latest = self.now - BACK, self.now + AHEAD

    def __call__(self, event: EngagementEvent, times: int) -> Happening | Reason:
        """Return what an event is that came so many times alike, or why it is refused."""
        if event.item_id in self.beyond:
            return "too_many_items"
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
        return self._right(event, item, at, self._ids(event, item, times))

    def _right(
        self, event: EngagementEvent, item: PublishedItem, at: datetime, ids: Sequence[str]
    ) -> Happening | Reason:
        click, click_id = None, event.click_id
        if click_id is not None:
            click = clicks.read(click_id, *self.believed)
            if click is None or click.item_id != item.id:
                return "forged_click"
        elif event.type == "click":
            click, click_id = attributable_click(
                item,
                min(at, self.now),  # a clock that is fast must not put it after its order
                event_id=ids[0],
                visitor=self.visitor,
                key=self.key,
            )
        return Happening(
            ids,
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

    def _ids(self, event: EngagementEvent, item: PublishedItem, times: int) -> Sequence[str]:
        about = ("evt", item.publisher_id, event.type, item.id)
        if event.event_id is not None:
            return [derived_id(*about, event.event_id)]
        if event.order_reference is not None:
            return [derived_id(*about, "order", event.order_reference)]
        return list(islice(self.fresh, times))


async def capture(
    bindings: EngagementBindings,
    intake: Intake,
    poster: Poster,
    visitor: Visitor,
    *,
    now: datetime,
    request: str,
) -> str:
    """Record the right ones and return what became of each: `schemas.EventsAnswer` as JSON.

    `request` is a fresh id: from it are counted up those of events that bring none.

    Raises:
        Unavailable: Nothing was counted; send it again.
    """
    named = [event.item_id for event in intake.events.values()]
    beyond = beyond_limit(named) if len(named) > ITEMS_MAX else frozenset()
    items = await published_items(bindings, [name for name in named if name not in beyond], now)
    key, believed = signing_key(bindings.settings), believed_keys(bindings.settings)
    judge = _Judge(poster, visitor, items, beyond, key, believed, now, series("evt", request))
    right: dict[str, Happening] = {}
    verdicts = {index: _refused(index, "invalid", why) for index, why in intake.invalid.items()}
    refused = len(verdicts)
    for event, places in _alike(intake.events):
        one = judge(event, len(places))
        if isinstance(one, Happening):
            right[one.event_ids[0]] = one
            for index, event_id in zip(places, one.event_ids, strict=True):
                verdicts[index] = _accepted(index, event_id, one)
        else:
            refused += len(places)
            for index in places:
                verdicts[index] = _refused(index, one, _DETAILS[one])
    await record(bindings, list(right.values()), now)
    told = ",".join([verdicts[index] for index in sorted(verdicts)])
    counts = f'"accepted":{len(verdicts) - refused},"refused":{refused}'
    return f'{{{counts},"verdicts":[{told}]}}'


def _alike(
    events: Mapping[int, EngagementEvent],
) -> Iterable[tuple[EngagementEvent, Sequence[int]]]:
    """Return each event with its places; what is often there and says no more is one event."""
    groups: dict[object, tuple[EngagementEvent, list[int]]] = {}
    for index, event in events.items():
        says_no_more = len(event.model_fields_set) == _LEAST and event.type != "click"
        key = (event.type, event.item_id) if says_no_more else index
        if (group := groups.get(key)) is None:
            groups[key] = (event, [index])
        else:
            group[1].append(index)
    return groups.values()


def _accepted(index: int, event_id: str, one: Happening) -> str:
    """Return a `schemas.Verdict` as JSON; in ids of our own nothing has to be escaped."""
    if one.event_type == "click" and one.click_id is not None:
        event_id = f'{event_id}","click_id":"{one.click_id}'
    return f'{{"index":{index},"status":"accepted","event_id":"{event_id}"}}'


def _refused(index: int, reason: Reason, detail: str) -> str:
    verdict = {"index": index, "status": "refused", "reason": reason, "detail": detail}
    return to_json(verdict).decode()
