"""What a review of commissions reads and writes beside the ledger: what is due, and disputes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final

from shared.commissions.schemas import DisputeRead
from shared.ids import new_id
from shared.ports import Database

_DISPUTE: Final = ", ".join(DisputeRead.model_fields)


class Reviews:
    """The due commissions and the disputes."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def due(self, publisher_id: str, *, now: datetime, limit: int) -> Sequence[str]:
        """Return the pending commissions whose hold is over, longest due first."""
        rows = await self._db.fetch_all(
            "SELECT id FROM commission WHERE publisher_id = $1 AND status = 'pending'"
            " AND approvable_at <= $2 AND amount_minor > 0 ORDER BY approvable_at, id LIMIT $3",
            publisher_id,
            now,
            limit,
        )
        return [row["id"] for row in rows]

    async def held(self, ids: Collection[str], *, now: datetime) -> Mapping[str, datetime]:
        """Return until when those of these commissions are held that are."""
        rows = await self._db.fetch_all(
            "SELECT id, approvable_at FROM commission WHERE id = ANY($1::text[])"
            " AND approvable_at > $2",
            list(ids),
            now,
        )
        return {row["id"]: row["approvable_at"] for row in rows}

    async def movements(self, ids: Collection[str]) -> Mapping[str, int]:
        """Return how many movements these commissions have."""
        rows = await self._db.fetch_all(
            "SELECT commission_id, count(*) AS times FROM ledger_transaction"
            " WHERE commission_id = ANY($1::text[]) GROUP BY commission_id",
            list(ids),
        )
        return {row["commission_id"]: row["times"] for row in rows}

    async def add_dispute(
        self,
        commission_id: str,
        publisher_id: str,
        *,
        by_kind: str,
        by: str,
        reason: str,
        at: datetime,
    ) -> DisputeRead:
        """Keep an objection."""
        row = await self._db.fetch_one(
            "INSERT INTO commission_dispute (id, commission_id, publisher_id, raised_by_kind,"
            f" raised_by, reason, raised_at) VALUES ($1, $2, $3, $4, $5, $6, $7)"
            f" RETURNING {_DISPUTE}",
            new_id("dsp"),
            commission_id,
            publisher_id,
            by_kind,
            by,
            reason,
            at,
        )
        return DisputeRead.model_validate(dict(row or {}))

    async def resolve(
        self, commission_id: str, *, resolution: str, note: str | None, by: str, at: datetime
    ) -> DisputeRead | None:
        """End the open dispute of a commission, if there is one."""
        row = await self._db.fetch_one(
            "UPDATE commission_dispute SET resolution = $2, note = $3, resolved_by = $4,"
            " resolved_at = $5 WHERE commission_id = $1 AND resolved_at IS NULL"
            f" RETURNING {_DISPUTE}",
            commission_id,
            resolution,
            note,
            by,
            at,
        )
        return None if row is None else DisputeRead.model_validate(dict(row))

    async def disputes(self, commission_id: str) -> Sequence[DisputeRead]:
        """Return every objection to a commission, oldest first."""
        rows = await self._db.fetch_all(
            f"SELECT {_DISPUTE} FROM commission_dispute WHERE commission_id = $1"
            " ORDER BY raised_at, id",
            commission_id,
        )
        return [DisputeRead.model_validate(dict(row)) for row in rows]
