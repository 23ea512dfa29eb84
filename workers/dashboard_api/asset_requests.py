"""What the routes over design assets take and give."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.assets.models import DesignAsset
from shared.assets.names import asset_url
from shared.config import Settings
from shared.jobs import ProductId


class AssetRequest(BaseModel):
    """Which file is taken over, and for which product."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "product_id": "prd_5f2b8e1c9d0a4b7e8c6d3f1a2b4c5d6e",
                "dropbox_url": "https://www.dropbox.com/scl/fi/a1b2c3/fox.png?rlkey=x&dl=0",
            }
        },
    )

    product_id: ProductId
    dropbox_url: Annotated[
        str, Field(min_length=1, max_length=2_048, description="A share link of one file.")
    ]


class AssetIngestionRead(BaseModel):
    """One request to take a file over, and what came of it."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    status: Literal["requested", "running", "ready", "failed"]
    product_id: str
    dropbox_url: str
    run_id: str
    asset_id: str | None
    url: str | None = Field(description="Where anybody can read the file.")
    error: str | None = Field(description="Why it failed.")
    created_at: datetime
    created_by: str
    updated_at: datetime


class DesignAssetRead(BaseModel):
    """A design file, kept once however many products use it."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    sha256: str
    filename: str
    content_type: str
    size: int
    url: str | None = Field(default=None, description="Where anybody can read the file.")
    created_at: datetime

    @classmethod
    def of(cls, asset: DesignAsset, settings: Settings) -> DesignAssetRead:
        """Return an asset as it is shown; it has no address where the bucket has none."""
        base = settings.ASSET_BASE_URL
        url = asset_url(base, asset.key) if base else None
        return cls.model_validate(asset).model_copy(update={"url": url})
