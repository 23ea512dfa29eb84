"""Publishers and what they publish: what staff says of each, and how it is kept."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from shared.clock import IsoInstant
from shared.ids import derived_id

ITEMS_MAX: Final = 200
BASIS_POINTS_MAX: Final = 10_000


def _plain(text: str) -> str:
    if "\x00" in text:
        raise ValueError("must not contain a NUL character")
    return text


def _trimmed(text: str) -> str:
    if not (kept := _plain(text).strip()):
        raise ValueError("must not be empty")
    return kept


Short = Annotated[str, Field(max_length=255), AfterValidator(_trimmed)]
Long = Annotated[str, Field(max_length=10_000), AfterValidator(_plain)]
WebUrl = Annotated[
    str, Field(max_length=2_000, pattern=r"^https://[A-Za-z0-9.-]+(:\d+)?([/?#][\x21-\x7e]*)?$")
]
Email = Annotated[str, Field(max_length=255, pattern=r"^[^@\s\x00]+@[^@\s\x00]+$")]
Reference = Annotated[str, Field(max_length=100, pattern=r"^[A-Za-z0-9_-]+$")]
Days = Annotated[int, Field(ge=0, le=365)]


class _Content(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Kept(BaseModel):
    """What is kept of everything that staff can change."""

    id: str
    version: int = Field(description="Grows by one with every change; the ETag.")
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str


class PublisherContent(_Content):
    """What staff says of a publisher. Names differ in any case."""

    name: Short
    email: Email
    website_url: WebUrl | None = None
    status: Literal["pending", "active", "suspended"] = "pending"


class Publisher(PublisherContent, Kept):
    """A publisher."""


class AdServerContent(_Content):
    """What staff says of an ad server. Names differ within the publisher."""

    name: Short
    kind: Literal["website", "newsletter", "app", "social", "network"] = "website"
    url: WebUrl | None = None
    status: Literal["active", "inactive"] = "active"


class AdServer(AdServerContent, Kept):
    """A place that delivers publications."""

    publisher_id: str


class ProgramContent(_Content):
    """The terms under which publications earn. Names differ in any case."""

    name: Short
    description: Long = ""
    status: Literal["draft", "active", "ended"] = "draft"
    attribution_days: Annotated[Days, Field(ge=1)] = 30
    hold_days: Days = 30


class Program(ProgramContent, Kept):
    """A commission program."""


class RateContent(_Content):
    """One rate of a program, for one publisher or for all that have none of their own."""

    publisher_id: Reference | None = None
    basis_points: Annotated[
        int, Field(ge=0, le=BASIS_POINTS_MAX, description="Hundredths of a percent.")
    ]
    effective_from: Annotated[
        IsoInstant | None, Field(description="An instant that is not past; null is now.")
    ] = None


class Rate(BaseModel):
    """A rate as it is kept."""

    id: str
    program_id: str
    publisher_id: str | None
    basis_points: int
    effective_from: datetime
    created_at: datetime
    created_by: str


class PublicationContent(_Content):
    """What staff says of a publication."""

    title: Short
    description: Long = ""
    url: WebUrl | None = None
    ad_server_id: Reference | None = None
    program_id: Reference | None = None
    status: Literal["draft", "published", "archived"] = "draft"


class Publication(PublicationContent, Kept):
    """A publication."""

    publisher_id: str
    published_at: datetime | None


class ItemContent(_Content):
    """One product that a publication shows."""

    product_id: Reference
    note: Long = ""


class PublicationItem(BaseModel):
    """A product in a publication; its id stays the same when it leaves and comes back."""

    id: str
    product_id: str
    position: int
    note: str


def item_id(publication_id: str, product_id: str) -> str:
    """Return the id that a product has in a publication."""
    return derived_id("itm", publication_id, product_id)
