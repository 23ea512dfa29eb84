"""What every `SignatureVerifier` adapter promises, on a key and signature made once by OpenSSL."""

from __future__ import annotations

import base64

from shared.ports import SignatureVerifier

SIGNED = b"header.claims"
JWK = {
    "kty": "RSA",
    "e": "AQAB",
    "n": (
        "sBK9h2eroRYFpBGoVg8ipmJYTqSjuJYYgn2ZHlcrv-da7gwks9ro-H5rzum1ru22eZoLwacv2fU5rQAFVOKjtk"
        "8DYBPpT3kN4LU-F8Sg_JRrRtLVjgbeJ5_5LObaTTjGHox3OIx_FdovGG7PKpnkUczSLxxnB_II69i6TdSZrxC_"
        "JRh-a_v-SAT3ysdfD2E1rCxOn7PaeWb7P_MV2o-ZLHqSNYlQQeSGmBgiFH1l0F6a5oWEBuWc9LB2pMkDybDJ75"
        "JYIEmY133Jq9-QlQzxMWs3J9VH7bBdw0Mcgi76P7duaaSABhVOgm857aJ3twuuJocb2lkgcA9bMPuw-LvV-Q"
    ),
}
SIGNATURE = base64.b64decode(
    "YrWiiIXqX6ZaWdN8PG+mOLhPiCLQT+8fPn49U3wG6Duh7hnX9TSx4C+fGZgAekUg0DEANDJA3hJr93L/k0D2xb"
    "XE87Id/clogi39TV/uv9dRKP+Qy4f2W2BPkm+dWgxFY9itxwmyVVYa0Z/0MayGMFcQucrQbfDI3bcPONCiiFop"
    "/hsFPhaPkxZe27DJuNVEujs4L+A1jtnAq6U7NZu3ol9NcE727qPetiExsg1qjVis0IIBsmALj3IRpMReDvgES1"
    "JTm8cUfdL1+XVVTQMaYFqCTJZdHSrxApLIW9Sj4ZE0uRxYYPA4ECSeYSWSWnf8cEdVJISf4XIr4GnwNfYnpQ=="
)


async def accepts_the_signature_of_the_key(port: SignatureVerifier) -> None:
    assert await port.verify(JWK, SIGNED, SIGNATURE) is True


async def refuses_another_text(port: SignatureVerifier) -> None:
    assert await port.verify(JWK, SIGNED + b"x", SIGNATURE) is False
    assert await port.verify(JWK, b"", SIGNATURE) is False


async def refuses_another_signature(port: SignatureVerifier) -> None:
    changed = bytes([SIGNATURE[0] ^ 1]) + SIGNATURE[1:]
    for signature in (changed, b"", SIGNATURE[:-1], SIGNATURE + b"\0"):
        assert await port.verify(JWK, SIGNED, signature) is False


async def refuses_another_key(port: SignatureVerifier) -> None:
    modulus = JWK["n"][:-2] + ("A" if JWK["n"][-2] != "A" else "B") + JWK["n"][-1]
    assert await port.verify({**JWK, "n": modulus}, SIGNED, SIGNATURE) is False


async def takes_a_key_with_more_members(port: SignatureVerifier) -> None:
    key = {**JWK, "kid": "k1", "use": "sig", "alg": "RS256"}
    assert await port.verify(key, SIGNED, SIGNATURE) is True


CASES = (
    accepts_the_signature_of_the_key,
    refuses_another_text,
    refuses_another_signature,
    refuses_another_key,
    takes_a_key_with_more_members,
)
