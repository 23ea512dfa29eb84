"""What the routes over publishers take and give beyond the documents of the domain."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Header, Path
from pydantic import BaseModel, ConfigDict, Field

from shared.http.pagination import PageParameters, bad_cursor, decode_cursor
from shared.publishers.models import ITEMS_MAX, ItemContent, Publication, PublicationItem

Id = Annotated[str, Path(max_length=100, pattern=r"^[A-Za-z0-9_-]+$")]
IfMatch = Annotated[str | None, Header(description="The ETag that was read.")]
IfNoneMatch = Annotated[str | None, Header()]


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


def items_after(cursor: str | None) -> int:
    """Return the position of the last item of the page before, or 0 on the first.

    Raises:
        BadRequest: We did not make this cursor.
    """
    if cursor is None:
        return 0
    position = decode_cursor(cursor)
    match position:
        case {"after": int(after)} if len(position) == 1 and 0 <= after <= ITEMS_MAX:
            return after
        case _:
            raise bad_cursor()
