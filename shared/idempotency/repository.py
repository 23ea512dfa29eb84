"""Keeps the requests that came with an Idempotency-Key."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from shared.idempotency.models import KeptAnswer, KeyedRequest
from shared.ports import Database


@dataclass(frozen=True, slots=True)
class KeptRequest:
    """What is known of a request; no answer while it is worked on."""

    sha256: str
    answer: KeptAnswer | None


class IdempotentRequests:
    """The requests, by caller, route and key."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def hold(
        self,
        request: KeyedRequest,
        attempt: str,
        *,
        at: datetime,
        held_until: datetime,
        expires_at: datetime,
    ) -> datetime | None:
        """Reserve a request for an attempt; None if somebody else has it, or it is answered.

        One that has expired is new again; an attempt that was lost is taken over, and one that was
        given back may be any request.

        Returns:
            When the key was seen first since it was new.
        """
        first_seen_at: datetime | None = await self._db.fetch_value(
            """
            INSERT INTO idempotent_request AS r (id, principal, method, path, key,
                request_sha256, attempt, created_at, held_until, expires_at, first_seen_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $8)
            ON CONFLICT (id) DO UPDATE SET request_sha256 = excluded.request_sha256,
                attempt = excluded.attempt, status = NULL, headers = NULL, body = NULL,
                created_at = excluded.created_at, held_until = excluded.held_until,
                expires_at = excluded.expires_at,
                first_seen_at = CASE WHEN r.expires_at <= excluded.created_at
                    THEN excluded.first_seen_at ELSE r.first_seen_at END
            WHERE r.expires_at <= excluded.created_at
               OR (r.status IS NULL AND r.attempt IS NULL)
               OR (r.status IS NULL AND r.held_until <= excluded.created_at
                   AND r.request_sha256 = excluded.request_sha256)
            RETURNING r.first_seen_at
            """,
            request.id,
            request.principal,
            request.method,
            request.path,
            request.key,
            request.sha256,
            attempt,
            at,
            held_until,
            expires_at,
        )
        return first_seen_at

    async def find(self, request_id: str) -> KeptRequest | None:
        """Return what is known of a request, or None if nobody has it."""
        row = await self._db.fetch_one(
            "SELECT request_sha256, status, headers, body FROM idempotent_request"
            " WHERE id = $1 AND attempt IS NOT NULL",
            request_id,
        )
        if row is None:
            return None
        answer = row["status"] and KeptAnswer(row["status"], row["headers"], row["body"])
        return KeptRequest(row["request_sha256"], answer or None)

    async def answer(self, request_id: str, attempt: str, answer: KeptAnswer) -> bool:
        """Keep the answer of an attempt; False if the attempt was taken over."""
        kept = await self._db.execute(
            "UPDATE idempotent_request SET status = $3, headers = $4::jsonb, body = $5"
            " WHERE id = $1 AND attempt = $2 AND status IS NULL",
            request_id,
            attempt,
            answer.status,
            json.dumps(answer.headers),
            answer.body,
        )
        return kept == 1

    async def release(self, request_id: str, attempt: str) -> None:
        """Give back a request that came to nothing, unless it was taken over."""
        await self._db.execute(
            "UPDATE idempotent_request SET attempt = NULL"
            " WHERE id = $1 AND attempt = $2 AND status IS NULL",
            request_id,
            attempt,
        )

    async def remove_expired(self, at: datetime, *, limit: int) -> int:
        """Remove requests that are past their day; return how many there were."""
        return await self._db.execute(
            "DELETE FROM idempotent_request WHERE id IN ("
            " SELECT id FROM idempotent_request WHERE expires_at <= $1 LIMIT $2)",
            at,
            limit,
        )
