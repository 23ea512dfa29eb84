"""One transaction of upserts, tried again when another writer was in the way.

`RowTaken` counts as that too: of two first writers of a row, PostgreSQL fails the second on the
unique index that is not its ON CONFLICT target. Once it is told so the row is there to be updated.
Any other `Conflict` is what the action found, and would find again: it is raised at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from shared.errors import Contended, RowTaken
from shared.ports import Database

ResultT = TypeVar("ResultT")

_PAUSES: Final = (0.02, 0.1, 0.5)


async def in_transaction(db: Database, action: Callable[[], Awaitable[ResultT]]) -> ResultT:
    """Return what the action returns, all of its writes committed.

    Raises:
        Contended: Other writers were in the way each time.
        RowTaken: A unique index refuses the row, whoever comes first.
    """
    for pause in _PAUSES:
        try:
            async with db.transaction():
                return await action()
        except (Contended, RowTaken):
            await asyncio.sleep(pause)
    async with db.transaction():
        return await action()
