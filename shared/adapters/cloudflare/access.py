"""RS256 by WebCrypto."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from js import Object, crypto
from pyodide.ffi import JsException, to_js

_ALGORITHM = {"name": "RSASSA-PKCS1-v1_5", "hash": "SHA-256"}


class WebCryptoVerifier:
    """Checks signatures with a key imported for each call: keys are JavaScript's, not ours."""

    async def verify(self, jwk: Mapping[str, str], signed: bytes, signature: bytes, /) -> bool:
        """Return whether `signature` is the key's RSASSA-PKCS1-v1_5 SHA-256 over `signed`."""
        try:
            public = _object({"kty": "RSA", "n": jwk["n"], "e": jwk["e"], "alg": "RS256"})
            algorithm = _object(_ALGORITHM)
            key = await crypto.subtle.importKey("jwk", public, algorithm, False, to_js(["verify"]))
            return bool(await crypto.subtle.verify(algorithm, key, to_js(signature), to_js(signed)))
        except (JsException, KeyError):
            return False


def _object(value: dict[str, str]) -> Any:
    return to_js(value, dict_converter=Object.fromEntries)
