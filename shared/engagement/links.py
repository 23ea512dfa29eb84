"""The links of publications: from an item into the shop, and nowhere else; and the pixel."""

from __future__ import annotations

import logging
import re
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from shared.config import Settings
from shared.engagement.bindings import EngagementBindings, signing_key
from shared.engagement.items import published_item
from shared.engagement.models import PublishedItem, Visitor
from shared.engagement.recording import Happening, attributable_click, record
from shared.errors import BadRequest, FieldProblem, NotFound, Unavailable
from shared.ids import new_id
from shared.orders.landing import CLICK_ID

_PATH: Final = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]{0,1999}\Z")
"""A path on the same host: no host of its own in any spelling that a browser understands."""
_SAFE: Final = "!#$%&'()*+,/:;=?@[]~"
"""What has a meaning in an address; the rest is not allowed in a header."""
_logger: Final = logging.getLogger(__name__)


async def follow(
    bindings: EngagementBindings, item_id: str, to: str | None, visitor: Visitor, now: datetime
) -> str:
    """Record a click and return where it leads, with its signed id if it may earn.

    The visitor gets there also while a click cannot be recorded; then it earns nothing.

    Raises:
        NotFound: The item is not public.
        BadRequest: `to` is no path on the shop's host.
    """
    item, target = await _target(bindings, item_id, to, now)
    event_id = new_id("evt")
    click, click_id = attributable_click(
        item, now, event_id=event_id, visitor=visitor, key=signing_key(bindings.settings)
    )
    happening = Happening([event_id], "click", item, now, visitor, click, click_id)
    try:
        await record(bindings, [happening], now)
    except Unavailable as error:
        _logger.warning("click not recorded", extra={"reason": error.detail})
        return target
    return target if click_id is None else _with_click(target, click_id)


async def destination(
    bindings: EngagementBindings, item_id: str, to: str | None, now: datetime
) -> str:
    """Return where a link leads and record nothing. Raises as `follow` does."""
    _, target = await _target(bindings, item_id, to, now)
    return target


async def show(
    bindings: EngagementBindings, item_id: str | None, visitor: Visitor, now: datetime
) -> None:
    """Record an impression if the item is public and it can be; nothing ever fails."""
    try:
        item = await published_item(bindings, item_id or "", now)
        if item is not None:
            await record(
                bindings, [Happening([new_id("evt")], "impression", item, now, visitor)], now
            )
    except Unavailable as error:
        _logger.warning("impression not recorded", extra={"reason": error.detail})


async def _target(
    bindings: EngagementBindings, item_id: str, to: str | None, now: datetime
) -> tuple[PublishedItem, str]:
    item = await published_item(bindings, item_id, now)
    if item is None:
        raise NotFound(f"no item {item_id} is published")
    return item, _address(item, to, bindings.settings)


def _address(item: PublishedItem, to: str | None, settings: Settings) -> str:
    page = f"https://{settings.SHOP_DOMAIN}/products/{quote(item.handle)}"
    if item.url is not None:
        page = quote(item.url, safe=_SAFE)
    if to is None:
        return page
    if _PATH.match(to) is None:
        problem = FieldProblem("/to", "must be a path in the shop, such as /collections/new")
        raise BadRequest(f"to: {problem.detail}", problems=[problem])
    shop = urlsplit(page)
    return f"{shop.scheme}://{shop.netloc}{to}"


def _with_click(target: str, click_id: str) -> str:
    parts = urlsplit(target)
    query = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != CLICK_ID]
    return urlunsplit(parts._replace(query=urlencode([*query, (CLICK_ID, click_id)])))
