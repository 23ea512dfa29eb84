"""The cache on Workers KV: whatever fails here is a miss."""

from __future__ import annotations

import hashlib
import json
import logging
from datetime import timedelta
from typing import Any, Final

from pyodide.ffi import JsException

from shared.adapters.cloudflare.settings import BindingMissing, raw
from shared.errors import Unavailable
from shared.ports import Json

SHORTEST: Final = timedelta(seconds=60)
KEY_BYTES: Final = 512
_LOG: Final = logging.getLogger(__name__)


class KvCache:
    """One KV namespace. Values are JSON text."""

    def __init__(self, namespace: Any) -> None:
        self._namespace = namespace

    async def get(self, key: str, /) -> Json:
        """Return the value, or None."""
        try:
            text = await self._namespace.get(_key(key))
            value: Json = json.loads(text) if text else None
        except (JsException, ValueError) as error:
            _LOG.warning("cache read failed", extra={"error": str(error)})
            return None
        return value

    async def put(self, key: str, value: Json, /, *, ttl: timedelta) -> None:
        """Keep the value for about `ttl`, at least a minute."""
        seconds = int(max(ttl, SHORTEST).total_seconds())
        try:
            await self._namespace.put(_key(key), json.dumps(value), expirationTtl=seconds)
        except JsException as error:
            _LOG.warning("cache write failed", extra={"error": str(error)})

    async def delete(self, key: str, /) -> None:
        """Forget the value."""
        try:
            await self._namespace.delete(_key(key))
        except JsException as error:
            _LOG.warning("cache delete failed", extra={"error": str(error)})

    async def keep(self, key: str, value: Json, /) -> None:
        """Keep the value until it is replaced; None forgets it.

        Raises:
            Unavailable: It is not kept.
        """
        try:
            if value is None:
                await self._namespace.delete(_key(key))
            else:
                await self._namespace.put(_key(key), json.dumps(value))
        except JsException as error:
            raise Unavailable("KV did not take it") from error


def optional(env: Any, name: str) -> KvCache | None:
    """Return the cache of a namespace, or None where none is bound."""
    namespace = getattr(env, name, None)
    return KvCache(namespace) if namespace else None


def optional_raw(env: Any, name: str) -> KvCache | None:
    """Return the same without the SDK's wrapper; what JavaScript answers is the same here."""
    try:
        return KvCache(raw(env, name))
    except BindingMissing:
        return None


def _key(key: str) -> str:
    """Return a key that KV takes: a long one by its hash."""
    if 0 < len(key.encode()) <= KEY_BYTES and key not in {".", ".."}:
        return key
    return "sha256:" + hashlib.sha256(key.encode()).hexdigest()
