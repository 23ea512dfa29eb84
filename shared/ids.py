"""Identifiers: TEXT with a prefix that names the kind (`ord_`, `prd_`, `mda_`).

A fact that can arrive twice derives its id from the identifier its source gave it, so that both
arrivals are one row; everything else gets a new one.
"""

from __future__ import annotations

import hashlib
import os
import re
import uuid
from collections.abc import Iterator

_NAMESPACE = uuid.UUID("3b1f8a52-6f57-5c50-9a2e-0f4f3d1c7e11")
_NAMESPACE_BYTES = _NAMESPACE.bytes
_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}
_NUMBERS = 1 << 128
_GID = re.compile(r"gid://shopify/([A-Za-z]+)/(\d+)(?:\?.*)?\Z")


def new_id(prefix: str) -> str:
    """Return a fresh random id such as `mda_0f8c...` (prefix + 32 hex digits)."""
    return f"{prefix}_{os.urandom(16).hex()}"


def series(prefix: str, first: str) -> Iterator[str]:
    """Yield ids that are counted up from a random one: a single draw of chance for all."""
    number = int(first.rpartition("_")[2], 16)
    while True:
        yield f"{prefix}_{number:032x}"
        number = (number + 1) % _NUMBERS


def derived_id(prefix: str, *parts: str) -> str:
    """Return the id that these parts always have (UUIDv5 over the parts).

    The digits are put together here because a bulk sync derives several ids per row and
    `uuid.uuid5` takes four times as long.
    """
    name = _NAMESPACE_BYTES + "\x1f".join(parts).encode()
    digits = hashlib.sha1(name, usedforsecurity=False).hexdigest()
    return f"{prefix}_{digits[:12]}5{digits[13:16]}{_VARIANT[digits[16]]}{digits[17:32]}"


def gid(kind: str, number: int | str) -> str:
    """Return Shopify's global id, e.g. `gid://shopify/Order/1`."""
    return f"gid://shopify/{kind}/{number}"


def gid_number(text: str) -> int:
    """Return the integer of a gid.

    Raises:
        ValueError: The text is no gid.
    """
    if (match := _GID.match(text)) is None:
        raise ValueError(f"{text!r} is not a Shopify gid")
    return int(match[2])
