"""Reads refunds and added lines by line out of the archive of sales agreements.

A sale names its agreement, the agreement its order and refund, and they may stand anywhere in the
file. The agreements that matter (few: refunds, edits and returns) are held in memory, those of a
part of the orders at a time, so that memory stays bounded however large the archive is: each part
is one scan of the file.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Final

from shared import limits
from shared.integrations.shopify.graphql_agreements import Sales, agreement
from shared.integrations.shopify.jsonl import Loads, kind_of_line, parent_of, parse_line
from shared.integrations.shopify.models import Agreement
from shared.orders.models import OrderLineAddition, OrderRefundLine
from shared.ports import ObjectStore
from shared.sync.archive import read_blocks

PART_BYTES: Final = 64 * limits.MIB
"""Archive bytes per part: at most some ten thousand refunded, edited or returned orders."""
_WANTED: Final = frozenset({"RefundAgreement", "OrderEditAgreement", "ReturnAgreement"})
_PARENT: Final = b'"__parentId":"'


@dataclass(slots=True)
class SalesPart:
    """What one part of the agreements came to."""

    refund_lines: list[OrderRefundLine] = field(default_factory=list)
    additions: list[OrderLineAddition] = field(default_factory=list)
    records: int = 0
    size: int = 0


def part_count(size: int) -> int:
    """Return in how many parts an archive of this size is read."""
    return max(1, -(-size // PART_BYTES))


async def read_sales(
    objects: ObjectStore, key: str, *, part: int, parts: int, loads: Loads
) -> SalesPart:
    """Return what the refunds, edits and returns of one part say of order lines.

    Raises:
        MalformedNode: A row cannot be read.
    """
    wanted = await _agreements(objects, key, part, parts, loads)
    found = SalesPart()
    if not wanted:
        return found
    lines, sales = _lines(objects, key, found), Sales()
    async for line in lines:
        if (of := wanted.get(_parent(line, loads))) is None or not _is_sale(line, loads):
            continue
        found.records += 1
        sales.read(parse_line(line, loads), of)
    found.refund_lines, found.additions = sales.refund_lines, sales.additions
    return found


async def _agreements(
    objects: ObjectStore, key: str, part: int, parts: int, loads: Loads
) -> dict[bytes, Agreement]:
    wanted: dict[bytes, Agreement] = {}
    async for line in _lines(objects, key, SalesPart()):
        if kind_of_line(line, loads) not in _WANTED:
            continue
        node = parse_line(line, loads)
        order_gid = parent_of(node)
        if order_gid is None or zlib.crc32(order_gid.encode()) % parts != part:
            continue
        if (found := agreement(node, order_gid)) is not None:
            wanted[str(node["id"]).encode()] = found
    return wanted


async def _lines(objects: ObjectStore, key: str, count: SalesPart) -> AsyncIterator[bytes]:
    async with aclosing(read_blocks(objects, key)) as blocks:
        async for block in blocks:
            count.size = block.end
            for line in block.lines:
                yield line


def _is_sale(line: bytes, loads: Loads) -> bool:
    return kind_of_line(line, loads).endswith("Sale")


def _parent(line: bytes, loads: Loads) -> bytes:
    """Return the gid of the row's parent, without parsing where it stands last, as it does."""
    start = line.rfind(_PARENT)
    if start < 0:
        return (parent_of(parse_line(line, loads)) or "").encode()
    start += len(_PARENT)
    return line[start : line.find(b'"', start)].replace(b"\\/", b"/")
