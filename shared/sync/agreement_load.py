"""Reads refunds and edits by line out of the archive of sales agreements.

A sale names its agreement, the agreement its order and refund, and they may stand anywhere in the
file. The agreements that matter (few: refunds and edits) are held in memory, one part of them at a
time, so that memory stays bounded however large the archive is: each part is one scan of the file.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Final

from shared import limits
from shared.integrations.shopify.graphql_agreements import added_up, agreement, sale
from shared.integrations.shopify.jsonl import Loads, kind_of_line, parent_of, parse_line
from shared.integrations.shopify.models import Agreement
from shared.orders.models import OrderLineAddition, OrderRefundLine
from shared.ports import ObjectStore
from shared.sync.archive import read_blocks

PART_BYTES: Final = 64 * limits.MIB
"""Archive bytes per part: at most some ten thousand refunded or edited orders."""
_WANTED: Final = frozenset({"RefundAgreement", "OrderEditAgreement"})
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
    """Return what the refunds and edits of one part say of order lines.

    Raises:
        MalformedNode: A row cannot be read.
    """
    wanted = await _agreements(objects, key, part, parts, loads)
    found = SalesPart()
    if not wanted:
        return found
    lines = _lines(objects, key, found)
    async for line in lines:
        if (of := wanted.get(_parent(line, loads))) is None or not _is_sale(line, loads):
            continue
        found.records += 1
        row = sale(parse_line(line, loads), of)
        if isinstance(row, OrderRefundLine):
            found.refund_lines.append(row)
        elif row is not None:
            found.additions.append(row)
    found.refund_lines = added_up(found.refund_lines)
    return found


async def _agreements(
    objects: ObjectStore, key: str, part: int, parts: int, loads: Loads
) -> dict[bytes, Agreement]:
    wanted: dict[bytes, Agreement] = {}
    async for line in _lines(objects, key, SalesPart()):
        if kind_of_line(line, loads) not in _WANTED:
            continue
        node = parse_line(line, loads)
        gid = str(node["id"]).encode()
        order_gid = parent_of(node)
        if order_gid is None or zlib.crc32(gid) % parts != part:
            continue
        if (found := agreement(node, order_gid)) is not None:
            wanted[gid] = found
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
