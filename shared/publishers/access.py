"""Lets publishers in: issues, lists and revokes what they show, and checks it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from shared.errors import (
    BadRequest,
    FieldProblem,
    Forbidden,
    InvalidInput,
    NotFound,
    Unauthenticated,
)
from shared.identity.models import Principal
from shared.ports import Database
from shared.publishers.access_models import (
    ApiKey,
    Caller,
    ClientRequest,
    IssuedClient,
    IssuedKey,
    KeyRequest,
    OAuthClient,
    StoredSecret,
    TokenAnswer,
)
from shared.publishers.access_repository import AccessRecords
from shared.publishers.credentials import Credential, Scope
from shared.publishers.versioned_repository import PUBLISHERS, Position

TOKEN_LIFETIME: Final = timedelta(hours=1)


class InvalidClient(Unauthenticated):
    """The OAuth client is not known, or its secret is wrong."""


class InvalidScope(BadRequest):
    """The OAuth client may not ask for these scopes."""


async def issue_key(
    db: Database, publisher_id: str, request: KeyRequest, *, by: Principal, at: datetime
) -> IssuedKey:
    """Issue an API key of a publisher; this is the only time that its secret is known.

    Raises:
        NotFound: There is no such publisher.
        InvalidInput: It would have expired already.
    """
    await PUBLISHERS.get(db, publisher_id)
    if request.expires_at is not None and request.expires_at <= at:
        problem = FieldProblem("/expires_at", "must not be in the past")
        raise InvalidInput("/expires_at: must not be in the past", problems=[problem])
    credential = Credential.new("bk" if request.kind == "secret" else "pk")
    kept = await AccessRecords(db).add_key(publisher_id, request, credential, at=at, by=by.name)
    return IssuedKey(**kept.model_dump(), key=credential.text)


async def issue_client(
    db: Database, publisher_id: str, request: ClientRequest, *, by: Principal, at: datetime
) -> IssuedClient:
    """Make an OAuth client of a publisher; this is the only time that its secret is known.

    Raises:
        NotFound: There is no such publisher.
    """
    await PUBLISHERS.get(db, publisher_id)
    credential = Credential.new("oc")
    kept = await AccessRecords(db).add_client(publisher_id, request, credential, at=at, by=by.name)
    return IssuedClient(**kept.model_dump(), client_secret=credential.text)


async def keys_of(
    db: Database, publisher_id: str, *, before: Position | None, limit: int
) -> Sequence[ApiKey]:
    """Return keys of a publisher, newest first. Raises NotFound."""
    await PUBLISHERS.get(db, publisher_id)
    return await AccessRecords(db).keys(publisher_id, before=before, limit=limit)


async def clients_of(
    db: Database, publisher_id: str, *, before: Position | None, limit: int
) -> Sequence[OAuthClient]:
    """Return OAuth clients of a publisher, newest first. Raises NotFound."""
    await PUBLISHERS.get(db, publisher_id)
    return await AccessRecords(db).clients(publisher_id, before=before, limit=limit)


async def revoke_key(
    db: Database, publisher_id: str, key_id: str, *, by: Principal, at: datetime
) -> ApiKey:
    """Revoke a key from now on; doing it again changes nothing.

    Raises:
        NotFound: The publisher has no such key.
    """
    kept = await AccessRecords(db).revoke_key(publisher_id, key_id, at=at, by=by.name)
    if kept is None:
        raise NotFound(f"the publisher has no API key {key_id}")
    return kept


async def revoke_client(
    db: Database, publisher_id: str, client_id: str, *, by: Principal, at: datetime
) -> OAuthClient:
    """Revoke an OAuth client and every token it has; doing it again changes nothing.

    Raises:
        NotFound: The publisher has no such client.
    """
    kept = await AccessRecords(db).revoke_client(publisher_id, client_id, at=at, by=by.name)
    if kept is None:
        raise NotFound(f"the publisher has no OAuth client {client_id}")
    return kept


async def authenticate(db: Database, text: str | None, *, now: datetime) -> Caller:
    """Return who sends this secret key or access token.

    Raises:
        Unauthenticated: It is none, not known, wrong, revoked or expired; which, is not told.
        Forbidden: Its publisher is not active.
    """
    credential = Credential.parse(text) if text else None
    records = AccessRecords(db)
    stored = None
    if credential is not None and credential.kind == "bk":
        stored = await records.stored_key(credential.row_id)
    elif credential is not None and credential.kind == "at":
        stored = await records.stored_token(credential.row_id)
    if credential is None or stored is None or not opens(stored, credential, now):
        raise no_credential(text)
    return active(stored)


def no_credential(text: str | None) -> Unauthenticated:
    """Return the refusal of what is no valid credential; why, is not told."""
    challenge = 'Bearer error="invalid_token"' if text else "Bearer"
    return Unauthenticated(
        "send a valid API key or access token", headers={"WWW-Authenticate": challenge}
    )


def require_scope(caller: Caller, scope: Scope) -> None:
    """Let a caller through who has a scope.

    Raises:
        Forbidden: It is missing.
    """
    if scope not in caller.scopes:
        challenge = f'Bearer error="insufficient_scope", scope="{scope}"'
        raise Forbidden(f"the scope {scope} is missing", headers={"WWW-Authenticate": challenge})


async def authenticate_client(
    db: Database, client_id: str, secret: str, *, now: datetime
) -> Caller:
    """Return the OAuth client that sends this secret.

    Raises:
        InvalidClient: It is not known, revoked, or the secret is wrong.
        Forbidden: Its publisher is not active.
    """
    credential = Credential.parse(secret)
    if credential is not None and credential.kind == "oc" and credential.row_id == client_id:
        stored = await AccessRecords(db).stored_client(client_id)
        if stored is not None and opens(stored, credential, now):
            return active(stored)
    raise InvalidClient(
        "the client id or the client secret is wrong",
        headers={"WWW-Authenticate": "Basic"},
        members={"error": "invalid_client"},
    )


async def issue_token(
    db: Database, client: Caller, scope: str | None, *, now: datetime
) -> TokenAnswer:
    """Give an OAuth client an access token for the scopes it asks for, or for all it has.

    Raises:
        InvalidScope: It may not have one of them.
    """
    asked = frozenset(scope.split()) if scope else client.scopes
    if not asked or not asked <= client.scopes:
        raise InvalidScope(
            f"the client may ask for {' '.join(sorted(client.scopes))}",
            members={"error": "invalid_scope"},
        )
    credential = Credential.new("at")
    async with db.transaction():
        await AccessRecords(db).add_token(
            client.limited_by, credential, sorted(asked), at=now, expires_at=now + TOKEN_LIFETIME
        )
    return TokenAnswer(
        access_token=credential.text,
        expires_in=int(TOKEN_LIFETIME.total_seconds()),
        scope=" ".join(sorted(asked)),
    )


def opens(stored: StoredSecret, credential: Credential, now: datetime) -> bool:
    """Return whether a credential is the one that is stored, and still good."""
    is_current = not stored.is_revoked and (stored.ends_at is None or now < stored.ends_at)
    return credential.proves(stored.secret_sha256) and is_current


def active(stored: StoredSecret) -> Caller:
    """Return whose a credential is. Raises Forbidden while its publisher is not active."""
    if stored.publisher_status != "active":
        raise Forbidden("the publisher is not active")
    return stored.caller
