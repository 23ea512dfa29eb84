"""Reads a request for an access token as RFC 6749 writes it."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, unquote_plus

from fastapi import Request

from shared.errors import BadRequest, UnsupportedMediaType
from shared.publishers.access import InvalidClient

FORM: Final = "application/x-www-form-urlencoded"
_FIELDS_MAX: Final = 10
_BYTES_MAX: Final = 10_000


class InvalidTokenRequest(BadRequest):
    """The token request is not one of RFC 6749."""


class UnsupportedGrantType(BadRequest):
    """Only client credentials are exchanged for tokens."""


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """What an OAuth client asks for."""

    client_id: str
    client_secret: str
    scope: str | None


async def token_request(request: Request) -> TokenRequest:
    """Return what a request asks for.

    Raises:
        UnsupportedMediaType: It is no form.
        InvalidTokenRequest: The form is not valid.
        UnsupportedGrantType: It offers something else than client credentials.
        InvalidClient: It does not say which client asks, or says it twice.
    """
    if request.headers.get("Content-Type", "").split(";")[0].strip().lower() != FORM:
        raise UnsupportedMediaType(f"the body must be {FORM}")
    form = _form(await request.body())
    if (grant := form.get("grant_type")) != "client_credentials":
        kind = InvalidTokenRequest if grant is None else UnsupportedGrantType
        error = "invalid_request" if grant is None else "unsupported_grant_type"
        raise kind("grant_type must be client_credentials", members={"error": error})
    in_body = (form.get("client_id"), form.get("client_secret"))
    in_header = _basic(request.headers.get("Authorization"))
    if in_header is not None and in_body[1] is not None:
        raise _invalid("send the client secret once")
    client_id, secret = in_header or in_body
    if not client_id or not secret:
        raise InvalidClient(
            "send client_id and client_secret",
            headers={"WWW-Authenticate": "Basic"},
            members={"error": "invalid_client"},
        )
    return TokenRequest(client_id, secret, form.get("scope"))


def _form(body: bytes) -> dict[str, str]:
    try:
        if len(body) > _BYTES_MAX:
            raise _invalid("the form is too long")
        pairs = parse_qsl(
            body.decode(), strict_parsing=True, max_num_fields=_FIELDS_MAX, errors="strict"
        )
    except ValueError as error:
        raise _invalid("the body is no form") from error
    form = dict(pairs)
    if len(form) < len(pairs):
        raise _invalid("a parameter is there twice")
    return form


def _basic(authorization: str | None) -> tuple[str, str] | None:
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise _invalid("Authorization is not valid") from error
    client_id, _, secret = text.partition(":")
    return unquote_plus(client_id), unquote_plus(secret)


def _invalid(detail: str) -> InvalidTokenRequest:
    return InvalidTokenRequest(detail, members={"error": "invalid_request"})
