"""Design assets: the files that are kept, and the requests to take one over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.artifacts.models import Artifact
from shared.ids import derived_id

REQUESTED: Final = "requested"
RUNNING: Final = "running"
READY: Final = "ready"
FAILED: Final = "failed"
ROLE: Final = "design"
METAFIELD_NAMESPACE: Final = "custom"
METAFIELD_KEY: Final = "design_asset"
METAFIELD_TYPE: Final = "url"


@dataclass(frozen=True, slots=True)
class DesignAsset:
    """One file, kept once however many products use it."""

    id: str
    sha256: str
    key: str
    filename: str
    content_type: str
    size: int
    created_at: datetime

    @classmethod
    def of(cls, artifact: Artifact) -> DesignAsset:
        """Return the asset that an artifact is."""
        payload = artifact.payload
        return cls(
            id=artifact.id,
            sha256=payload["sha256"],
            key=payload["key"],
            filename=payload["filename"],
            content_type=payload["content_type"],
            size=payload["size"],
            created_at=artifact.created_at,
        )


@dataclass(frozen=True, slots=True)
class AssetIngestion:
    """One request to take a file over for a product, and what came of it."""

    id: str
    status: str
    product_id: str
    dropbox_url: str
    run_id: str
    asset_id: str | None
    url: str | None
    error: str | None
    """Why it failed, in words for whoever asked."""
    created_at: datetime
    created_by: str
    updated_at: datetime

    @classmethod
    def of(cls, artifact: Artifact) -> AssetIngestion:
        """Return the request that an artifact is."""
        payload = artifact.payload
        return cls(
            id=artifact.id,
            status=artifact.status,
            product_id=payload["product_id"],
            dropbox_url=payload["dropbox_url"],
            run_id=payload["run_id"],
            asset_id=payload.get("asset_id"),
            url=payload.get("url"),
            error=payload.get("error"),
            created_at=artifact.created_at,
            created_by=artifact.created_by,
            updated_at=artifact.updated_at,
        )


def asset_id(sha256: str) -> str:
    """Return the id of the asset with this content."""
    return derived_id("mda", "design_asset", sha256)


def link_id(product_id: str, artifact_id: str) -> str:
    """Return the id of the link between a product and its design asset."""
    return derived_id("lpa", product_id, artifact_id, ROLE)
