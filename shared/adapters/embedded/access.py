"""RS256 by the `cryptography` package."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256


class CryptographyVerifier:
    """Checks signatures with a key built for each call."""

    async def verify(self, jwk: Mapping[str, str], signed: bytes, signature: bytes, /) -> bool:
        """Return whether `signature` is the key's RSASSA-PKCS1-v1_5 SHA-256 over `signed`."""
        try:
            key = rsa.RSAPublicNumbers(_integer(jwk["e"]), _integer(jwk["n"])).public_key()
            key.verify(signature, signed, padding.PKCS1v15(), SHA256())
        except (InvalidSignature, ValueError, KeyError):
            return False
        return True


def _integer(text: str) -> int:
    return int.from_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), "big")
