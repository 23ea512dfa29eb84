"""Only a token that Access issued for this application, and now, names a principal."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import RSAAlgorithm

from shared.adapters.embedded.access import CryptographyVerifier
from shared.errors import Unauthenticated
from shared.identity.access import authenticate
from shared.identity.jwks import Jwk
from shared.identity.models import Principal

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ISSUER = "https://team.cloudflareaccess.com"
AUDIENCE = "a" * 64
KEY = generate_private_key(65537, 2048)
OTHER_KEY = generate_private_key(65537, 2048)


def public_jwk(key: RSAPrivateKey, kid: str) -> dict[str, str]:
    numbers = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return {"kid": kid, "kty": "RSA", "use": "sig", "alg": "RS256", "n": numbers["n"], "e": "AQAB"}


class Keys:
    def __init__(self, **keys: Jwk) -> None:
        self.keys = keys

    async def key(self, kid: str) -> Jwk | None:
        return self.keys.get(kid)


KEYS = Keys(k1=public_jwk(KEY, "k1"), k2=public_jwk(OTHER_KEY, "k2"))


def claims(**changes: object) -> dict[str, object]:
    issued = int(NOW.timestamp())
    standard: dict[str, object] = {
        "aud": [AUDIENCE],
        "iss": ISSUER,
        "email": "ada@example.com",
        "sub": "7335d417-61da-459d-899c-0a01c76a2f94",
        "type": "app",
        "iat": issued,
        "nbf": issued,
        "exp": issued + 3600,
    }
    return {k: v for k, v in {**standard, **changes}.items() if v is not None}


def token(
    key: RSAPrivateKey = KEY, kid: str | None = "k1", algorithm: str = "RS256", **changes: object
) -> str:
    headers = {} if kid is None else {"kid": kid}
    return jwt.encode(claims(**changes), key, algorithm, headers=headers)


async def check(text: str | None) -> Principal:
    return await authenticate(
        text,
        jwks=KEYS,
        verifier=CryptographyVerifier(),
        issuer=ISSUER,
        audience=AUDIENCE,
        now=NOW,
    )


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


async def test_a_user_token_names_the_user() -> None:
    assert await check(token()) == Principal(
        kind="user", subject="7335d417-61da-459d-899c-0a01c76a2f94", name="ada@example.com"
    )


async def test_a_service_token_is_named_by_its_client_id() -> None:
    text = token(email=None, sub="", common_name="e367826f93b8d71185e03fe518aff3b4.access")
    principal = await check(text)
    assert principal.kind == "service"
    assert principal.subject == principal.name == "e367826f93b8d71185e03fe518aff3b4.access"


async def test_either_key_of_a_rotation_is_good() -> None:
    assert (await check(token(OTHER_KEY, "k2"))).name == "ada@example.com"


async def test_a_single_audience_may_be_a_string() -> None:
    assert (await check(token(aud=AUDIENCE))).kind == "user"


@pytest.mark.parametrize("skew", [timedelta(seconds=29), timedelta(0)])
async def test_clocks_may_differ_a_little(skew: timedelta) -> None:
    ended = int((NOW - skew).timestamp())
    assert await check(token(exp=ended))
    assert await check(token(nbf=int((NOW + skew).timestamp())))


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        ("no Cf-Access", None),
        ("no Cf-Access", ""),
        ("expired", token(exp=int(NOW.timestamp()) - 31)),
        ("not valid yet", token(nbf=int(NOW.timestamp()) + 31)),
        ("no valid times", token(exp=None)),
        ("no valid times", token(exp="9999999999")),
        ("no valid times", token(exp=True)),
        ("another application", token(aud=["b" * 64])),
        ("another application", token(aud=None)),
        ("another application", token(aud={AUDIENCE: 1})),
        ("another issuer", token(iss="https://evil.cloudflareaccess.com")),
        ("another issuer", token(iss=ISSUER + "/")),
        ("not an application token", token(type="org")),
        ("not an application token", token(type=None)),
        ("names nobody", token(email=None, sub="")),
        ("names nobody", token(email=None)),
        ("unknown key", token(kid="k9")),
        ("unknown key", token(kid=None)),
        ("signature", token(OTHER_KEY, "k1")),
        ("not signed with RS256", token(algorithm="RS512")),
    ],
)
async def test_any_other_token_is_refused(reason: str, text: str | None) -> None:
    with pytest.raises(Unauthenticated, match=reason):
        await check(text)


async def test_alg_none_is_refused() -> None:
    unsigned = f"{part({'alg': 'none', 'kid': 'k1'})}.{part(claims())}."
    with pytest.raises(Unauthenticated, match="malformed"):
        await check(unsigned)
    with pytest.raises(Unauthenticated, match="not signed with RS256"):
        await check(unsigned + "AA")


async def test_hs256_with_the_public_key_as_secret_is_refused() -> None:
    secret = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    signed = f"{part({'alg': 'HS256', 'kid': 'k1'})}.{part(claims())}"
    digest = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
    signature = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    with pytest.raises(Unauthenticated, match="not signed with RS256"):
        await check(f"{signed}.{signature}")


async def test_changed_claims_are_refused() -> None:
    header, _, signature = token().split(".")
    with pytest.raises(Unauthenticated, match="signature"):
        await check(f"{header}.{part(claims(email='eve@example.com'))}.{signature}")


async def test_a_critical_extension_is_refused() -> None:
    text = jwt.encode(claims(), KEY, "RS256", headers={"kid": "k1", "crit": ["b64"], "b64": True})
    with pytest.raises(Unauthenticated):
        await check(text)


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "a.b",
        "a.b.c.d",
        "..",
        f"{part([])}.{part(claims())}.AA",
        f"{part({'alg': 'RS256', 'kid': 'k1'})}.{part('text')}.AA",
        f"{part({'alg': 'RS256', 'kid': 'k1'})}.!!.AA",
        f"{part({'alg': 'RS256', 'kid': 'k1'})}.{part({})}.A",
        "é.é.é",
        ".".join(["A" * 8000] * 3),
        base64.urlsafe_b64encode(b"[" * 10_000).decode() + ".AA.AA",
    ],
)
async def test_what_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(Unauthenticated, match="malformed"):
        await check(text)
