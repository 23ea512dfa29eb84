"""What every contract suite needs: an assertion that an awaitable fails, without pytest."""

from __future__ import annotations

from collections.abc import Awaitable


async def fails_with(kind: type[Exception], awaitable: Awaitable[object]) -> Exception:
    """Await and return the error of this kind; anything else is an assertion error."""
    try:
        result = await awaitable
    except kind as error:
        return error
    raise AssertionError(f"expected {kind.__name__}, got {result!r}")
