"""Signed click ids: what a link carries into the shop, and an order brings back.

The text says by itself which item was clicked and when, so a click needs no row to be believed;
whoever changes one character of it, or makes one up, has no click.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

_VERSION: Final = b"\x01"
_NONCE_BYTES: Final = 16
_MAC_BYTES: Final = 16
_TIME_BYTES: Final = 8
_BODY_BYTES: Final = len(_VERSION) + _TIME_BYTES + _NONCE_BYTES + 16
_TEXT: Final = re.compile(r"[A-Za-z0-9_-]{76}\Z")
_ITEM: Final = re.compile(r"itm_([0-9a-f]{32})\Z")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_LATEST: Final = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND


@dataclass(frozen=True, slots=True)
class Click:
    """One click on an item of a publication."""

    item_id: str
    clicked_at: datetime
    nonce: str
    """32 hex digits that tell it from every other click."""

    @classmethod
    def new(cls, item_id: str, clicked_at: datetime) -> Click:
        """Return a click that was never there before."""
        return cls(item_id, clicked_at, os.urandom(_NONCE_BYTES).hex())

    @property
    def id(self) -> str:
        """Return the id of its row."""
        return f"clk_{self.nonce}"


def sign(click: Click, key: str) -> str:
    """Return the click as 76 characters that are safe in an address.

    Raises:
        ValueError: The item's id, the time or the nonce is none.
    """
    if (item := _ITEM.match(click.item_id)) is None:
        raise ValueError(f"{click.item_id!r} is no item's id")
    at = (click.clicked_at - _EPOCH) // _MICROSECOND
    nonce = bytes.fromhex(click.nonce)
    if len(nonce) != _NONCE_BYTES or at < 0:
        raise ValueError("a click has a nonce of 16 bytes and a time after 1970")
    body = _VERSION + at.to_bytes(_TIME_BYTES) + nonce + bytes.fromhex(item[1])
    return base64.urlsafe_b64encode(body + _mac(body, key)).decode()


def read(text: str, *keys: str) -> Click | None:
    """Return the click that this text was signed for by one of the keys, or None if by none."""
    if _TEXT.match(text) is None:
        return None
    try:
        signed = base64.urlsafe_b64decode(text)
    except binascii.Error:
        return None
    body = signed[:_BODY_BYTES]
    ours = [hmac.compare_digest(signed[_BODY_BYTES:], _mac(body, key)) for key in keys]
    at = int.from_bytes(body[1 : 1 + _TIME_BYTES])
    if not any(ours) or body[:1] != _VERSION or at > _LATEST:
        return None
    nonce = body[1 + _TIME_BYTES : 1 + _TIME_BYTES + _NONCE_BYTES]
    item = body[1 + _TIME_BYTES + _NONCE_BYTES :]
    return Click(f"itm_{item.hex()}", _EPOCH + at * _MICROSECOND, nonce.hex())


def _mac(body: bytes, key: str) -> bytes:
    return hmac.digest(key.encode(), b"click" + body, hashlib.sha256)[:_MAC_BYTES]
