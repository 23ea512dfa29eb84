"""Keys, OAuth clients and tokens as they are asked for, shown and kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.clock import IsoInstant
from shared.publishers.credentials import Scope
from shared.publishers.models import Short

Origin = Annotated[str, Field(max_length=255, pattern=r"^https?://[a-z0-9.-]+(:[0-9]{1,5})?$")]
Scopes = Annotated[list[Scope], Field(max_length=len(Scope))]


class KeyRequest(BaseModel):
    """A key to be issued."""

    model_config = ConfigDict(extra="forbid")

    name: Short
    kind: Literal["secret", "publishable"] = "secret"
    scopes: Scopes = Field(
        default_factory=list, description="What a secret key allows; a publishable key has none."
    )
    origins: Annotated[
        list[Origin],
        Field(max_length=20, description="Where a publishable key may be used; it needs one."),
    ] = Field(default_factory=list)
    expires_at: IsoInstant | None = None

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        if self.kind == "publishable" and (self.scopes or not self.origins):
            raise ValueError("a publishable key needs origins and has no scopes")
        if self.kind == "secret" and self.origins:
            raise ValueError("a secret key is never used from a page and has no origins")
        return self


class ApiKey(BaseModel):
    """A key as staff sees it: never its secret."""

    id: str
    publisher_id: str
    kind: Literal["secret", "publishable"]
    name: str
    scopes: list[str]
    origins: list[str]
    expires_at: datetime | None
    created_at: datetime
    created_by: str
    revoked_at: datetime | None
    revoked_by: str | None


class IssuedKey(ApiKey):
    """A key that was just issued."""

    key: str = Field(description="What its owner sends. Shown this once and kept nowhere.")


class ClientRequest(BaseModel):
    """An OAuth client to be made."""

    model_config = ConfigDict(extra="forbid")

    name: Short
    scopes: Annotated[Scopes, Field(min_length=1)]


class OAuthClient(BaseModel):
    """An OAuth client as staff sees it: never its secret."""

    id: str = Field(description="Its `client_id`.")
    publisher_id: str
    name: str
    scopes: list[str]
    created_at: datetime
    created_by: str
    revoked_at: datetime | None
    revoked_by: str | None


class IssuedClient(OAuthClient):
    """An OAuth client that was just made."""

    client_secret: str = Field(description="Shown this once and kept nowhere.")


class TokenAnswer(BaseModel):
    """An access token (RFC 6749)."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - a kind of token, not one
    expires_in: int = Field(description="Seconds.")
    scope: str


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls the publisher API."""

    publisher_id: str
    limited_by: str
    """The key or OAuth client whose requests are counted."""
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class StoredSecret:
    """What is known of a presented credential's row."""

    secret_sha256: str
    caller: Caller
    ends_at: datetime | None
    is_revoked: bool
    publisher_status: str
    origins: frozenset[str] = frozenset()
    """Where a publishable key may be used from."""
