"""What the public sees of products, publishers and publications."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from pydantic import BaseModel, Field

from shared.publishers.models import PublicationItem


class PublicProduct(BaseModel):
    """A product that the shop sells now."""

    id: str
    title: str
    handle: str
    vendor: str | None
    product_type: str | None
    category: str | None
    image_url: str | None
    url: str | None = Field(description="Its page in the shop.")
    price_min: Decimal | None = Field(description="In the shop's currency.")
    price_max: Decimal | None
    tags: list[str]
    published_at: datetime
    updated_at: datetime


class PublicItem(BaseModel):
    """A product that a publication shows."""

    id: str = Field(description="Names the item in engagement.")
    note: str
    product: PublicProduct


class PublicPublication(BaseModel):
    """A publication of an active publisher."""

    id: str
    publisher_id: str
    publisher_name: str
    title: str
    description: str
    url: str | None
    published_at: datetime
    updated_at: datetime


class PublicPublicationItems(PublicPublication):
    """A publication with what it shows; products that the shop no longer sells are left out."""

    items: list[PublicItem]


class OwnAdServer(BaseModel):
    """An ad server as its publisher sees it."""

    id: str
    name: str
    kind: str
    url: str | None
    status: str


class OwnProfile(BaseModel):
    """A publisher as it sees itself."""

    id: str
    name: str
    email: str
    website_url: str | None
    status: str
    ad_servers: list[OwnAdServer]


class OwnPublication(BaseModel):
    """A publication as its publisher sees it, in any state."""

    id: str
    title: str
    description: str
    url: str | None
    ad_server_id: str | None
    program_id: str | None
    status: str
    published_at: datetime | None
    created_at: datetime
    updated_at: datetime


class OwnPublicationItems(OwnPublication):
    """A publication with its items, those that are not on sale too."""

    items: list[PublicationItem]
