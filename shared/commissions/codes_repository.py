"""Keeps which discount codes stand for whom."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from shared.commissions.schemas import CodeAssigned, CodeContent
from shared.errors import Conflict
from shared.ids import new_id
from shared.ports import Database

_COLUMNS: Final = "id, code, publisher_id, program_id, created_at, created_by, ended_at, ended_by"


class CodeAssignments:
    """The discount codes of publishers; one that has ended is kept for what it explains."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def add(self, content: CodeContent, *, at: datetime, by: str) -> CodeAssigned:
        """Let a code stand for a publisher.

        Raises:
            Conflict: It stands for somebody, in whatever case it is written.
        """
        row = await self._db.fetch_one(
            "INSERT INTO discount_code_assignment (id, code, publisher_id, program_id, created_at,"
            " created_by) VALUES ($1, $2, $3, $4, $5, $6)"
            " ON CONFLICT (upper(code)) WHERE ended_at IS NULL DO NOTHING"
            f" RETURNING {_COLUMNS}",
            new_id("dsc"),
            content.code,
            content.publisher_id,
            content.program_id,
            at,
            by,
        )
        if row is None:
            raise Conflict(f"the code {content.code} stands for a publisher already")
        return CodeAssigned.model_validate(dict(row))

    async def end(self, assignment_id: str, *, at: datetime, by: str) -> CodeAssigned | None:
        """Let a code stand for nobody from now on; None if there is no such assignment."""
        row = await self._db.fetch_one(
            "UPDATE discount_code_assignment SET ended_at = COALESCE(ended_at, $2),"
            f" ended_by = COALESCE(ended_by, $3) WHERE id = $1 RETURNING {_COLUMNS}",
            assignment_id,
            at,
            by,
        )
        return None if row is None else CodeAssigned.model_validate(dict(row))

    async def newest(
        self, *, publisher_id: str | None, before: tuple[datetime, str] | None, limit: int
    ) -> Sequence[CodeAssigned]:
        """Return assignments, newest first."""
        rows = await self._db.fetch_all(
            f"SELECT {_COLUMNS} FROM discount_code_assignment"
            " WHERE ($1::text IS NULL OR publisher_id = $1)"
            " AND ($2::timestamptz IS NULL OR (created_at, id) < ($2, $3))"
            " ORDER BY created_at DESC, id DESC LIMIT $4",
            publisher_id,
            *(before or (None, "")),
            limit,
        )
        return [CodeAssigned.model_validate(dict(row)) for row in rows]
