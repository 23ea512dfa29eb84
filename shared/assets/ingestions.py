"""Asks for assets to be taken over, follows the requests, and links what came of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from shared.artifacts.kinds import ArtifactKind
from shared.artifacts.models import Artifact
from shared.artifacts.repository import Artifacts
from shared.artifacts.requests import request_artifact
from shared.assets.models import (
    FAILED,
    READY,
    RUNNING,
    AssetIngestion,
    DesignAsset,
    asset_id,
)
from shared.assets.repository import AssetRows
from shared.errors import FieldProblem, NonRetryable, NotFound
from shared.ids import new_id
from shared.integrations.dropbox import LinkRefused, share_link
from shared.jobs import AssetIngest
from shared.ports import Database, JsonObject, Queue
from shared.transactions import in_transaction

_REQUEST: Final = ArtifactKind.ASSET_INGEST
_ASSET: Final = ArtifactKind.DESIGN_ASSET
_SHOWN: Final = 20


class ProductNotFound(NotFound):
    """There is no such product."""


class IngestionNotFound(NotFound):
    """There is no such request to take an asset over."""


async def request_ingestion(
    db: Database,
    queue: Queue,
    *,
    product_id: str,
    dropbox_url: str,
    at: datetime,
    by: str,
    ingest_id: str | None = None,
) -> AssetIngestion:
    """Keep a request and queue it; with an id that exists, return that request.

    Args:
        db: Where the artifact goes.
        queue: Where ingest takes its jobs from.
        product_id: The product that gets the asset.
        dropbox_url: A share link of one file.
        at: Now.
        by: Who asks.
        ingest_id: The request's id, where the same request may come twice.

    Raises:
        LinkRefused: It is no share link of one Dropbox file.
        ProductNotFound: There is no such product.
        IdempotencyKeyReused: The id is that of another request.
        Unavailable: It could not be queued; the request says so.
    """
    _check_link(dropbox_url)
    if await AssetRows(db).product_gid(product_id) is None:
        raise ProductNotFound(f"there is no product {product_id!r}")
    ingest_id = ingest_id or new_id("mda")
    job = AssetIngest(
        run_id=f"asset-ingest-{ingest_id}",
        requested_by=by,
        ingest_id=ingest_id,
        product_id=product_id,
        dropbox_url=dropbox_url,
    )
    artifact = await request_artifact(
        db, queue, _REQUEST, artifact_id=ingest_id, job=job, payload=_payload(job), at=at
    )
    return AssetIngestion.of(artifact)


async def get_ingestion(db: Database, ingest_id: str) -> AssetIngestion:
    """Return a request. Raises IngestionNotFound."""
    if (found := await Artifacts(db).get(_REQUEST, ingest_id)) is None:
        raise IngestionNotFound(ingest_id)
    return AssetIngestion.of(found)


async def ingestions_of(
    db: Database,
    product_id: str,
    *,
    before: tuple[datetime, str] | None = None,
    limit: int = _SHOWN,
) -> Sequence[AssetIngestion]:
    """Return the requests for a product, the newest first, that came before another."""
    found = await AssetRows(db).ingestions_of(product_id, before=before, limit=limit)
    return [AssetIngestion.of(artifact) for artifact in found]


async def assets_of(
    db: Database,
    product_id: str,
    *,
    before: tuple[datetime, str] | None = None,
    limit: int = _SHOWN,
) -> Sequence[DesignAsset]:
    """Return the assets that are linked to a product, the newest first, kept before another."""
    found = await AssetRows(db).of_product(product_id, before=before, limit=limit)
    return [DesignAsset.of(artifact) for artifact in found]


async def begin_ingestion(db: Database, job: AssetIngest, at: datetime) -> AssetIngestion:
    """Note that the request is being worked on; one that nobody kept is kept now.

    A request that is ready stays so.
    """
    artifacts = Artifacts(db)

    async def begin() -> AssetIngestion:
        known = await artifacts.get(_REQUEST, job.ingest_id)
        if known is None:
            known = await artifacts.add(
                _REQUEST, _payload(job), at=at, by=job.requested_by, status=RUNNING,
                artifact_id=job.ingest_id,
            )  # fmt: skip
        elif known.status != READY:
            known = await _change(db, known, at, RUNNING, {"error": None})
        return AssetIngestion.of(known)

    return await in_transaction(db, begin)


async def product_gid(db: Database, product_id: str) -> str:
    """Return Shopify's id of the product. Raises NonRetryable if it is gone."""
    if (gid := await AssetRows(db).product_gid(product_id)) is None:
        raise NonRetryable(f"there is no product {product_id}")
    return gid


async def note_ingestion(
    db: Database, ingest_id: str, *, at: datetime, status: str, **fields: object
) -> None:
    """Note how far a request is; one that is ready stays so."""
    known = await Artifacts(db).get(_REQUEST, ingest_id)
    if known is not None and known.status != READY:
        await _change(db, known, at, status, fields)


async def known_asset(db: Database, sha256: str) -> DesignAsset | None:
    """Return the asset with this content, or None."""
    found = await Artifacts(db).get(_ASSET, asset_id(sha256))
    return None if found is None else DesignAsset.of(found)


async def link_asset(
    db: Database, job: AssetIngest, asset: JsonObject, *, url: str, at: datetime
) -> str:
    """Keep the asset's row and its link to the product in one transaction; return its id.

    The request remembers whether it was it that made the link, so that it can take it back.
    """
    artifacts, rows = Artifacts(db), AssetRows(db)
    identity = asset_id(asset["sha256"])

    async def link() -> str:
        if await artifacts.get(_ASSET, identity) is None:
            await artifacts.add(
                _ASSET, {**asset, "source_url": job.dropbox_url}, at=at, by=job.requested_by,
                name=asset["sha256"], status=READY, artifact_id=identity,
            )  # fmt: skip
        made = await rows.link(job.product_id, identity, at=at, by=job.requested_by)
        known = await artifacts.get(_REQUEST, job.ingest_id)
        if known is None:
            raise NonRetryable(f"the request {job.ingest_id} is gone")
        fields = {"asset_id": identity, "url": url}
        if made:
            fields["linked"] = identity
        await _change(db, known, at, RUNNING, fields)
        return identity

    return await in_transaction(db, link)


async def fail_ingestion(db: Database, ingest_id: str, *, at: datetime, reason: str) -> None:
    """Say on the request why it failed, and take back the link that it made."""
    rows = AssetRows(db)

    async def fail() -> None:
        known = await Artifacts(db).get(_REQUEST, ingest_id)
        if known is None or known.status == READY:
            return
        if linked := known.payload.get("linked"):
            await rows.unlink(known.payload["product_id"], linked)
        fields = {"error": reason, "linked": None, "asset_id": None, "url": None}
        await _change(db, known, at, FAILED, fields)

    await in_transaction(db, fail)


def _check_link(text: str) -> None:
    try:
        share_link(text)
    except LinkRefused as error:
        problem = FieldProblem("/dropbox_url", error.detail)
        raise LinkRefused(error.detail, problems=[problem]) from error


async def _change(
    db: Database, known: Artifact, at: datetime, status: str, fields: Mapping[str, object]
) -> Artifact:
    return await Artifacts(db).update(
        known.kind,
        known.id,
        expected_version=known.version,
        at=at,
        by=known.updated_by,
        payload={**known.payload, **fields},
        status=status,
    )


def _payload(job: AssetIngest) -> JsonObject:
    return {
        "product_id": job.product_id,
        "dropbox_url": job.dropbox_url,
        "run_id": job.run_id,
    }
