"""Keeps keys, OAuth clients and tokens, and counts the requests of each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, TypeVar

from pydantic import BaseModel

from shared.ports import Database, Row
from shared.publishers.access_models import (
    ApiKey,
    Caller,
    ClientRequest,
    KeyRequest,
    OAuthClient,
    StoredSecret,
)
from shared.publishers.credentials import Credential
from shared.publishers.versioned_repository import Position

ShownT = TypeVar("ShownT", bound=BaseModel)

_KEY: Final = ", ".join(ApiKey.model_fields)
_CLIENT: Final = ", ".join(OAuthClient.model_fields)
_STORED: Final = "s.secret_sha256, s.scopes, p.id AS publisher_id, p.status AS publisher_status"


class AccessRecords:
    """The rows behind the credentials of publishers."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def add_key(
        self,
        publisher_id: str,
        request: KeyRequest,
        credential: Credential,
        *,
        at: datetime,
        by: str,
    ) -> ApiKey:
        """Keep a new key by its digest."""
        row = await self._db.fetch_one(
            "INSERT INTO api_key (id, publisher_id, kind, name, scopes, origins, secret_sha256,"
            " expires_at, created_at, created_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
            f" RETURNING {_KEY}",
            credential.row_id,
            publisher_id,
            request.kind,
            request.name,
            [scope.value for scope in request.scopes],
            request.origins,
            credential.digest,
            request.expires_at,
            at,
            by,
        )
        return _shown(ApiKey, row)

    async def add_client(
        self,
        publisher_id: str,
        request: ClientRequest,
        credential: Credential,
        *,
        at: datetime,
        by: str,
    ) -> OAuthClient:
        """Keep a new OAuth client by its secret's digest."""
        row = await self._db.fetch_one(
            "INSERT INTO oauth_client (id, publisher_id, name, scopes, secret_sha256, created_at,"
            f" created_by) VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING {_CLIENT}",
            credential.row_id,
            publisher_id,
            request.name,
            [scope.value for scope in request.scopes],
            credential.digest,
            at,
            by,
        )
        return _shown(OAuthClient, row)

    async def keys(
        self, publisher_id: str, *, before: Position | None, limit: int
    ) -> Sequence[ApiKey]:
        """Return keys of a publisher, newest first, revoked ones too."""
        rows = await self._db.fetch_all(
            f"SELECT {_KEY} FROM api_key WHERE publisher_id = $1"
            " AND ($2::timestamptz IS NULL OR (created_at, id) < ($2, $3))"
            " ORDER BY created_at DESC, id DESC LIMIT $4",
            publisher_id,
            *(before or (None, "")),
            limit,
        )
        return [_shown(ApiKey, row) for row in rows]

    async def clients(
        self, publisher_id: str, *, before: Position | None, limit: int
    ) -> Sequence[OAuthClient]:
        """Return OAuth clients of a publisher, newest first, revoked ones too."""
        rows = await self._db.fetch_all(
            f"SELECT {_CLIENT} FROM oauth_client WHERE publisher_id = $1"
            " AND ($2::timestamptz IS NULL OR (created_at, id) < ($2, $3))"
            " ORDER BY created_at DESC, id DESC LIMIT $4",
            publisher_id,
            *(before or (None, "")),
            limit,
        )
        return [_shown(OAuthClient, row) for row in rows]

    async def revoke_key(
        self, publisher_id: str, key_id: str, *, at: datetime, by: str
    ) -> ApiKey | None:
        """Revoke a key, or leave it as it was revoked before; None if there is none."""
        row = await self._db.fetch_one(
            "UPDATE api_key SET revoked_at = COALESCE(revoked_at, $3),"
            " revoked_by = COALESCE(revoked_by, $4) WHERE id = $1 AND publisher_id = $2"
            f" RETURNING {_KEY}",
            key_id,
            publisher_id,
            at,
            by,
        )
        return None if row is None else _shown(ApiKey, row)

    async def revoke_client(
        self, publisher_id: str, client_id: str, *, at: datetime, by: str
    ) -> OAuthClient | None:
        """Revoke a client and with it its tokens; None if there is none."""
        row = await self._db.fetch_one(
            "UPDATE oauth_client SET revoked_at = COALESCE(revoked_at, $3),"
            " revoked_by = COALESCE(revoked_by, $4) WHERE id = $1 AND publisher_id = $2"
            f" RETURNING {_CLIENT}",
            client_id,
            publisher_id,
            at,
            by,
        )
        return None if row is None else _shown(OAuthClient, row)

    async def stored_key(self, key_id: str) -> StoredSecret | None:
        """Return what is known of a key, or None."""
        row = await self._db.fetch_one(
            f"SELECT {_STORED}, s.id AS limited_by, s.expires_at AS ends_at,"
            " s.revoked_at IS NOT NULL AS is_revoked, s.origins"
            " FROM api_key s JOIN publisher p ON p.id = s.publisher_id WHERE s.id = $1",
            key_id,
        )
        return _stored(row)

    async def stored_client(self, client_id: str) -> StoredSecret | None:
        """Return what is known of an OAuth client, or None."""
        row = await self._db.fetch_one(
            f"SELECT {_STORED}, s.id AS limited_by, NULL::timestamptz AS ends_at,"
            " s.revoked_at IS NOT NULL AS is_revoked"
            " FROM oauth_client s JOIN publisher p ON p.id = s.publisher_id WHERE s.id = $1",
            client_id,
        )
        return _stored(row)

    async def stored_token(self, token_id: str) -> StoredSecret | None:
        """Return what is known of an access token, or None."""
        row = await self._db.fetch_one(
            f"SELECT {_STORED}, c.id AS limited_by, s.expires_at AS ends_at,"
            " c.revoked_at IS NOT NULL AS is_revoked"
            " FROM oauth_token s JOIN oauth_client c ON c.id = s.client_id"
            " JOIN publisher p ON p.id = c.publisher_id WHERE s.id = $1",
            token_id,
        )
        return _stored(row)

    async def add_token(
        self,
        client_id: str,
        credential: Credential,
        scopes: Sequence[str],
        *,
        at: datetime,
        expires_at: datetime,
    ) -> None:
        """Keep a new token by its digest, and forget those of the client that have ended."""
        await self._db.execute(
            "DELETE FROM oauth_token WHERE client_id = $1 AND expires_at <= $2", client_id, at
        )
        await self._db.execute(
            "INSERT INTO oauth_token (id, client_id, scopes, secret_sha256, issued_at, expires_at)"
            " VALUES ($1, $2, $3, $4, $5, $6)",
            credential.row_id,
            client_id,
            list(scopes),
            credential.digest,
            at,
            expires_at,
        )

    async def is_known_origin(self, origin: str) -> bool:
        """Return whether some publishable key may be used from an origin."""
        found: bool = await self._db.fetch_value(
            "SELECT EXISTS (SELECT 1 FROM api_key WHERE $1 = ANY(origins) AND revoked_at IS NULL)",
            origin,
        )
        return found

    async def count_request(
        self, limited_by: str, window: datetime, *, most: int, by: int = 1
    ) -> int:
        """Count requests in a window and return how many there are, at most `most`."""
        used: int = await self._db.fetch_value(
            "INSERT INTO api_usage AS t (id, window_started_at, used) VALUES ($1, $2, $4)"
            " ON CONFLICT (id) DO UPDATE SET window_started_at = excluded.window_started_at,"
            " used = CASE WHEN t.window_started_at = excluded.window_started_at"
            " THEN LEAST(t.used + $4, $3) ELSE $4 END RETURNING used",
            limited_by,
            window,
            most,
            by,
        )
        return used


def _shown(model: type[ShownT], row: Row | None) -> ShownT:
    return model.model_validate(dict(row or {}))


def _stored(row: Row | None) -> StoredSecret | None:
    if row is None:
        return None
    return StoredSecret(
        secret_sha256=row["secret_sha256"],
        caller=Caller(row["publisher_id"], row["limited_by"], frozenset(row["scopes"])),
        ends_at=row["ends_at"],
        is_revoked=row["is_revoked"],
        publisher_status=row["publisher_status"],
        origins=frozenset(row.get("origins", ())),
    )
