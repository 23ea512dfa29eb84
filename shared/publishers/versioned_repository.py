"""Tables whose rows staff edits: one set of statements per table, made of the model's fields.

Every SQL text is built once, at import, from field names and constants of this package; values are
always parameters.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Generic, TypeVar

from pydantic import BaseModel

from shared.errors import NotFound, PreconditionFailed
from shared.ids import new_id
from shared.ports import Database, Row
from shared.publishers.models import (
    AdServer,
    AdServerContent,
    Kept,
    Program,
    ProgramContent,
    Publication,
    PublicationContent,
    Publisher,
    PublisherContent,
)

KeptT = TypeVar("KeptT", bound=Kept)
ContentT = TypeVar("ContentT", bound=BaseModel)
Position = tuple[datetime, str]
"""`created_at` and id of the last row of a page."""


class VersionedTable(Generic[ContentT, KeptT]):
    """A table of what staff creates and changes; concurrent changes are refused by version."""

    def __init__(
        self,
        name: str,
        prefix: str,
        content: type[ContentT],
        kept: type[KeptT],
        *,
        owner: str | None = None,
        has_periods: bool = False,
    ) -> None:
        """Describe the table.

        Args:
            name: The table's name.
            prefix: Begins its ids.
            content: The model of what staff sets: its fields are columns.
            kept: The model of a row.
            owner: The column of what a row belongs to, if it belongs to something.
            has_periods: Whether it is kept since when and until when its rows were active.
        """
        self.name, self._prefix, self._kept = name, prefix, kept
        self._fields = tuple(content.model_fields)
        columns = ", ".join(kept.model_fields)
        owners = (owner,) if owner else ()
        given = ", ".join((*owners, *self._fields))
        places = ", ".join(f"${n}" for n in range(4, 4 + len(owners) + len(self._fields)))
        changes = ", ".join(f"{field} = ${n}" for n, field in enumerate(self._fields, start=5))
        self._get = f"SELECT {columns} FROM {name} WHERE id = $1"
        self._newest = (
            f"SELECT {columns} FROM {name} WHERE {owner or 'id'} = COALESCE($1, {owner or 'id'})"
            " AND ($2::text IS NULL OR status = $2)"
            " AND ($3::timestamptz IS NULL OR (created_at, id) < ($3, $4))"
            " ORDER BY created_at DESC, id DESC LIMIT $5"
        )
        self._add = (
            f"INSERT INTO {name} (id, created_at, created_by, updated_at, updated_by, {given})"
            f" VALUES ($1, $2, $3, $2, $3, {places}) RETURNING {columns}"
        )
        self._update = (
            f"UPDATE {name} SET version = version + 1, updated_at = $3, updated_by = $4, {changes}"
            f" WHERE id = $1 AND version = $2 RETURNING {columns}"
        )
        if has_periods:
            self._add, self._update = _with_periods(self._add), _with_periods(self._update)

    async def get(self, db: Database, row_id: str) -> KeptT:
        """Return a row.

        Raises:
            NotFound: There is none with this id.
        """
        if (found := await self.find(db, row_id)) is None:
            raise self.missing(row_id)
        return found

    async def find(self, db: Database, row_id: str) -> KeptT | None:
        """Return a row, or None."""
        row = await db.fetch_one(self._get, row_id)
        return None if row is None else self._of(row)

    async def newest(
        self,
        db: Database,
        *,
        owner_id: str | None = None,
        status: str | None = None,
        before: Position | None = None,
        limit: int,
    ) -> Sequence[KeptT]:
        """Return rows, newest first, that were created before a position."""
        rows = await db.fetch_all(self._newest, owner_id, status, *(before or (None, "")), limit)
        return [self._of(row) for row in rows]

    async def add(
        self, db: Database, content: ContentT, *, at: datetime, by: str, owner_id: str | None = None
    ) -> KeptT:
        """Keep a new row.

        Raises:
            Conflict: Its name is taken.
        """
        owners = (owner_id,) if owner_id else ()
        values = (getattr(content, field) for field in self._fields)
        row = await db.fetch_one(self._add, new_id(self._prefix), at, by, *owners, *values)
        return self._found(row)

    async def update(
        self,
        db: Database,
        row_id: str,
        content: ContentT,
        *,
        expected_version: int,
        at: datetime,
        by: str,
    ) -> KeptT:
        """Replace what staff set.

        Raises:
            NotFound: There is no such row.
            Conflict: Its name is taken.
            PreconditionFailed: Somebody changed it since that version was read.
        """
        values = (getattr(content, field) for field in self._fields)
        row = await db.fetch_one(self._update, row_id, expected_version, at, by, *values)
        if row is None:
            await self.get(db, row_id)
            raise PreconditionFailed(f"{row_id} has changed since it was read")
        return self._of(row)

    def missing(self, row_id: str) -> NotFound:
        """Return the error for an id that no row has."""
        return NotFound(f"there is no {self.name.replace('_', ' ')} {row_id}")

    def _of(self, row: Row) -> KeptT:
        return self._kept.model_validate(dict(row))

    def _found(self, row: Row | None) -> KeptT:
        if row is None:
            raise NotFound("there is no such row")
        return self._of(row)


def _with_periods(change: str) -> str:
    """Return the statement of a change that begins and ends periods too, in one."""
    return (
        f"WITH kept AS ({change}),"
        " ended AS (UPDATE active_period p SET ended_at = kept.updated_at FROM kept"
        " WHERE p.owner_id = kept.id AND p.ended_at IS NULL AND kept.status <> 'active'),"
        " begun AS (INSERT INTO active_period (id, owner_id, began_at)"
        " SELECT 'acp_' || md5(id || ' ' || version), id, updated_at FROM kept"
        " WHERE status = 'active' ON CONFLICT (owner_id) WHERE ended_at IS NULL DO NOTHING)"
        " SELECT * FROM kept"
    )


PUBLISHERS: Final = VersionedTable(
    "publisher", "pub", PublisherContent, Publisher, has_periods=True
)
AD_SERVERS: Final = VersionedTable(
    "ad_server", "ads", AdServerContent, AdServer, owner="publisher_id"
)
PROGRAMS: Final = VersionedTable("program", "prg", ProgramContent, Program, has_periods=True)
PUBLICATIONS: Final = VersionedTable(
    "publication", "pbl", PublicationContent, Publication, owner="publisher_id"
)
