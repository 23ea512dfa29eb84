"""One transaction, tried again when another writer was in the way."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from shared.errors import Contended
from shared.ports import Database

ResultT = TypeVar("ResultT")

_PAUSES: Final = (0.02, 0.1, 0.5)


async def in_transaction(db: Database, action: Callable[[], Awaitable[ResultT]]) -> ResultT:
    """Return what the action returns, all of its writes committed.

    Raises:
        Contended: Other writers were in the way each time.
    """
    for pause in _PAUSES:
        try:
            async with db.transaction():
                return await action()
        except Contended:
            await asyncio.sleep(pause)
    async with db.transaction():
        return await action()
