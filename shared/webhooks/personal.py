"""Takes personal data out of what is kept as objects: archives of exports, bodies that wait."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection
from typing import Final

from shared.ids import gid_number
from shared.integrations.shopify.jsonl import LineSplitter, parent_of, parse_line
from shared.orders.landing import CLICK_ID, redacted_landing
from shared.ports import JsonObject, ObjectInfo, ObjectStore

_ADDRESSES: Final = ("billingAddress", "shippingAddress")
_COUNTRY: Final = ("country", "countryCodeV2")
_NULLED: Final = ("email", "phone", "note", "poNumber")


def redacted_row(row: JsonObject) -> JsonObject:
    """Return a row of an order's archive, the order's own or a child's, naming nobody."""
    clean = {name: None if name in _NULLED else value for name, value in row.items()}
    for name in _ADDRESSES:
        if address := clean.get(name):
            clean[name] = {
                key: value if key in _COUNTRY else None for key, value in address.items()
            }
    if journey := clean.get("customerJourneySummary"):
        clean["customerJourneySummary"] = _click_of(journey)
    if attributes := clean.get("customAttributes"):
        clean["customAttributes"] = [one for one in attributes if one.get("key") == CLICK_ID]
    for shipment in clean.get("fulfillments") or ():
        shipment["trackingInfo"] = []
    for refund in clean.get("refunds") or ():
        refund["note"] = None
    return clean


def _click_of(journey: JsonObject) -> JsonObject | None:
    """Return of a customer's journey the click that it began with, or None."""
    visit = journey.get("lastVisit") or journey.get("firstVisit") or {}
    landing = redacted_landing(visit.get("landingPage"))
    return {"lastVisit": {"landingPage": landing, "referrerUrl": None}} if landing else None


async def redact_archive(objects: ObjectStore, key: str, gids: Collection[str]) -> int:
    """Rewrite an archive without the personal data of these orders; return how many rows it had.

    An archive without a row of theirs is left as it is.
    """
    info = await objects.head(key)
    if info is None or not await _mentions(objects, key, gids):
        return 0
    count = 0

    async def rewritten() -> AsyncIterator[bytes]:
        nonlocal count
        async for line in _lines(objects, key):
            text, found = _redacted_line(line, gids)
            count += found
            yield text + b"\n"

    await objects.put_stream(
        key, rewritten(), content_type=info.content_type, metadata=info.metadata
    )
    return count


async def drop_bodies(objects: ObjectStore, page: Collection[ObjectInfo], gids: set[str]) -> int:
    """Remove those of these small objects that mention an order; return how many they were."""
    numbers = [str(gid_number(gid)).encode() for gid in gids]
    dropped = 0
    for info in page:
        body = await objects.get(info.key) or b""
        if any(number in body for number in numbers):
            await objects.delete(info.key)
            dropped += 1
    return dropped


def _redacted_line(line: bytes, gids: Collection[str]) -> tuple[bytes, bool]:
    if not _may_mention(line, gids):
        return line, False
    row = parse_line(line)
    if row.get("id") not in gids and parent_of(row) not in gids:
        return line, False
    text = json.dumps(redacted_row(row), ensure_ascii=False, separators=(",", ":"))
    return text.encode(), True


def _may_mention(line: bytes, gids: Collection[str]) -> bool:
    return any(f"{gid_number(gid)}".encode() in line for gid in gids)


async def _mentions(objects: ObjectStore, key: str, gids: Collection[str]) -> bool:
    async for line in _lines(objects, key):
        if _redacted_line(line, gids)[1]:
            return True
    return False


async def _lines(objects: ObjectStore, key: str) -> AsyncIterator[bytes]:
    splitter = LineSplitter()
    async for chunk in objects.stream(key):
        for line in splitter.feed(chunk):
            yield line
    for line in splitter.flush():
        yield line
