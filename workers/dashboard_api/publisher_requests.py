"""What the routes over publishers take and give beyond the documents of the domain."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from fastapi import Header, Path
from pydantic import BaseModel, ConfigDict, Field

from shared.http.pagination import PageParameters
from shared.publishers.access_models import ApiKey, OAuthClient
from shared.publishers.models import ITEMS_MAX, ItemContent, Publication, PublicationItem, Rate

Id = Annotated[str, Path(max_length=100, pattern=r"^[A-Za-z0-9_-]+$")]
IfMatch = Annotated[str | None, Header(description="The ETag that was read.")]
IfNoneMatch = Annotated[str | None, Header()]
RATES_SHOWN: Final = 1_000


class PublisherParameters(PageParameters):
    """The query parameters of the list of publishers."""

    status: Literal["pending", "active", "suspended"] | None = None


class AdServerParameters(PageParameters):
    """The query parameters of the list of ad servers."""

    status: Literal["active", "inactive"] | None = None


class ProgramParameters(PageParameters):
    """The query parameters of the list of programs."""

    status: Literal["draft", "active", "ended"] | None = None


class PublicationParameters(PageParameters):
    """The query parameters of the list of publications."""

    status: Literal["draft", "published", "archived"] | None = None
    publisher_id: Annotated[str | None, Field(max_length=100, pattern=r"^[A-Za-z0-9_-]+$")] = None


class ItemsRequest(BaseModel):
    """The items of a publication in their order."""

    model_config = ConfigDict(extra="forbid")

    items: Annotated[list[ItemContent], Field(max_length=ITEMS_MAX)]


class PublicationRead(Publication):
    """A publication with its items."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    items: list[PublicationItem]

    @classmethod
    def of(cls, publication: Publication, items: list[PublicationItem]) -> PublicationRead:
        """Put both together."""
        return cls(**publication.model_dump(), items=items)


class Rates(BaseModel):
    """The rates of a program, the latest first."""

    items: list[Rate]


class ApiKeys(BaseModel):
    """The API keys of a publisher, newest first."""

    items: list[ApiKey]


class OAuthClients(BaseModel):
    """The OAuth clients of a publisher, newest first."""

    items: list[OAuthClient]
