"""Cloudflare Access: from the token in `Cf-Access-Jwt-Assertion` to a principal, or 401."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Final

from shared.errors import Unauthenticated
from shared.identity.jwks import Jwk, JwksSource
from shared.identity.jwt import UnverifiedToken, parse_token
from shared.identity.models import Principal
from shared.ports import JsonObject, SignatureVerifier

HEADER: Final = "Cf-Access-Jwt-Assertion"
"""The only place a token is taken from: the cookie is not guaranteed to be there."""
ALGORITHM: Final = "RS256"
LEEWAY: Final = timedelta(seconds=30)


async def authenticate(
    token: str | None,
    *,
    jwks: JwksSource,
    verifier: SignatureVerifier,
    issuer: str,
    audience: str,
    now: datetime,
) -> Principal:
    """Return who the token was issued to.

    Args:
        token: The text of the header, or None where the request has none.
        jwks: Keys of the team.
        verifier: Checks RS256 signatures.
        issuer: `https://<team>.cloudflareaccess.com`, without a slash at the end.
        audience: The AUD tag of the Access application.
        now: The instant that `exp` and `nbf` are compared with.

    Raises:
        Unauthenticated: There is no token, or it is not one that Access issued for us and now.
    """
    if not token:
        raise Unauthenticated(f"the request has no {HEADER} header")
    parsed = parse_token(token)
    key = await _key_of(parsed.header, jwks)
    if not await verifier.verify(key, parsed.signed, parsed.signature):
        raise Unauthenticated("the signature of the Access token is not valid")
    _check_claims(parsed, issuer=issuer, audience=audience, now=now)
    return _principal(parsed.claims)


async def _key_of(header: JsonObject, jwks: JwksSource) -> Jwk:
    if header.get("alg") != ALGORITHM or "crit" in header:
        raise Unauthenticated(f"the Access token is not signed with {ALGORITHM}")
    kid = header.get("kid")
    if not isinstance(kid, str) or (key := await jwks.key(kid)) is None:
        raise Unauthenticated("the Access token is signed with an unknown key")
    return key


def _check_claims(token: UnverifiedToken, *, issuer: str, audience: str, now: datetime) -> None:
    claims = token.claims
    audiences = claims.get("aud")
    if isinstance(audiences, str):
        audiences = [audiences]
    if not isinstance(audiences, list) or audience not in audiences:
        raise Unauthenticated("the Access token is for another application")
    if claims.get("iss") != issuer:
        raise Unauthenticated("the Access token is from another issuer")
    if claims.get("type") != "app":
        raise Unauthenticated("the Access token is not an application token")
    _check_times(claims, now)


def _check_times(claims: JsonObject, now: datetime) -> None:
    expires, starts = _seconds(claims.get("exp")), _seconds(claims.get("nbf", 0))
    if now.timestamp() >= expires + LEEWAY.total_seconds():
        raise Unauthenticated("the Access token has expired")
    if now.timestamp() < starts - LEEWAY.total_seconds():
        raise Unauthenticated("the Access token is not valid yet")


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Unauthenticated("the Access token has no valid times")
    return value


def _principal(claims: JsonObject) -> Principal:
    email, subject, client = (claims.get(name) for name in ("email", "sub", "common_name"))
    if isinstance(email, str) and email and isinstance(subject, str) and subject:
        return Principal(kind="user", subject=subject, name=email)
    if isinstance(client, str) and client:
        return Principal(kind="service", subject=client, name=client)
    raise Unauthenticated("the Access token names nobody")
