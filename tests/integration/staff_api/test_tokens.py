"""Over HTTP, only a token that Access signed for this application, and now, lets anybody in."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import RSAAlgorithm
from local.access_emulator import COOKIE, AccessEmulator

from tests.fixtures.staff_api import StaffApi

PATH = "/api/tag-groups"
STAFF = {"email": "ada@example.com", "sub": "usr_1"}
Forge = Callable[[AccessEmulator, Path], str]


def encoded(part: object) -> bytes:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=")


def claims_of(token: str) -> dict[str, object]:
    body = token.split(".")[1]
    claims: dict[str, object] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return claims


def unsigned(access: AccessEmulator, _: Path) -> str:
    head = {"alg": "none", "kid": access.kid}
    return b".".join([encoded(head), encoded(claims_of(access.user_token())), b""]).decode()


def by_secret(access: AccessEmulator, _: Path) -> str:
    """HS256, with the public key that everybody can read as the secret."""
    key = RSAAlgorithm.from_jwk(json.dumps(access.key_set()["keys"][0]))  # type: ignore[index]
    public = key.public_key() if hasattr(key, "public_key") else key
    secret = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    head = {"alg": "HS256", "kid": access.kid}
    signed = b".".join([encoded(head), encoded(claims_of(access.user_token()))])
    signature = hmac.digest(secret, signed, hashlib.sha256)
    return b".".join([signed, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()


def tampered(access: AccessEmulator, _: Path) -> str:
    token = access.user_token()
    head, _body, signature = token.split(".")
    forged = claims_of(token) | {"email": "eve@example.com"}
    return ".".join([head, encoded(forged).decode(), signature])


def of_another_team(access: AccessEmulator, directory: Path) -> str:
    return AccessEmulator(directory, access.issuer).user_token()


def by_another_key(access: AccessEmulator, directory: Path) -> str:
    other = AccessEmulator(directory, access.issuer)
    other.kid = access.kid
    return other.user_token()


FORGERIES: dict[str, Forge] = {
    "expired": lambda access, _: access.user_token(lifetime=-60),
    "not yet valid": lambda access, _: access.signed(STAFF | {"nbf": int(time.time()) + 600}),
    "for another application": lambda access, _: access.signed(STAFF | {"aud": ["b" * 64]}),
    "of another issuer": lambda access, _: access.signed(STAFF | {"iss": "https://evil.example"}),
    "of another type": lambda access, _: access.signed(STAFF | {"type": "org"}),
    "of nobody": lambda access, _: access.signed({}),
    "unknown kid": of_another_team,
    "another key under the kid": by_another_key,
    "alg none": unsigned,
    "hs256 with the public key": by_secret,
    "tampered": tampered,
    "no token": lambda _access, _directory: "not.a.token",
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES.keys())
async def test_nobody_gets_in_with(staff_api: StaffApi, tmp_path: Path, forge: Forge) -> None:
    token = forge(staff_api.access, tmp_path / "other")
    answer = await staff_api.http.get(PATH, headers=staff_api.with_token(token))
    assert answer.status_code == 401, answer.text
    assert answer.json()["type"] == "urn:problem:unauthenticated"
    assert token not in answer.text


async def test_the_cookie_alone_is_not_enough(staff_api: StaffApi) -> None:
    cookie = {"Cookie": f"{COOKIE}={staff_api.access.user_token()}", "Host": "dashboard.example"}
    answer = await staff_api.http.get(PATH, headers=staff_api.with_token(None) | cookie)
    assert answer.status_code == 401


async def test_who_wrote_is_recorded_by_the_token(staff_api: StaffApi) -> None:
    service = staff_api.with_token(staff_api.access.service_token("e3678.access"))
    made = await staff_api.http.post(
        "/api/combo-templates", json={"name": "by a script"}, headers=service
    )
    assert (made.status_code, made.json()["created_by"]) == (201, "e3678.access")
    mine = await staff_api.http.put(
        made.headers["location"], json={"name": "by a person"}, headers={"If-Match": '"1"'}
    )
    assert mine.json()["created_by"] == "e3678.access"
    assert mine.json()["updated_by"] == "staff@example.com"
