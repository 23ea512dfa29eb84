"""JSON Web Tokens taken apart, without trusting anything in them."""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass
from typing import Final

from shared.errors import Unauthenticated
from shared.ports import JsonObject

TOKEN_CHARACTERS_MAX: Final = 16_384
_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]+\Z")


@dataclass(frozen=True, slots=True)
class UnverifiedToken:
    """The parts of a compact JWS; `claims` mean nothing before the signature is checked."""

    header: JsonObject
    claims: JsonObject
    signed: bytes
    signature: bytes


def parse_token(token: str) -> UnverifiedToken:
    """Split and decode a compact JWS.

    Raises:
        Unauthenticated: It is not one.
    """
    parts = token.split(".") if len(token) <= TOKEN_CHARACTERS_MAX else []
    if len(parts) != 3:
        raise Unauthenticated("the Access token is malformed")
    header, claims, signature = (_decoded(part) for part in parts)
    return UnverifiedToken(
        header=_object(header),
        claims=_object(claims),
        signed=f"{parts[0]}.{parts[1]}".encode("ascii"),
        signature=signature,
    )


def _decoded(part: str) -> bytes:
    if not _BASE64URL.match(part):
        raise Unauthenticated("the Access token is malformed")
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except binascii.Error as error:
        raise Unauthenticated("the Access token is malformed") from error


def _object(text: bytes) -> JsonObject:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unauthenticated("the Access token is malformed") from error
    if not isinstance(value, dict):
        raise Unauthenticated("the Access token is malformed")
    return value
