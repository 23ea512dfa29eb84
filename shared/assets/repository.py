"""Rows of design assets: by content, by product, by key, and their links to products."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.artifacts.kinds import ArtifactKind
from shared.artifacts.models import Artifact
from shared.assets.models import ROLE, link_id
from shared.ports import Database, Row

_ARTIFACT = (
    "a.id, a.kind, a.name, a.status, a.payload, a.version,"
    " a.created_at, a.created_by, a.updated_at, a.updated_by"
)


@dataclass(frozen=True, slots=True)
class StoredRow:
    """What the rows say of one stored object."""

    key: str
    artifact_id: str
    sha256: str
    size: int
    content_type: str


class AssetRows:
    """The links, and the assets by other keys than their id."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def product_gid(self, product_id: str) -> str | None:
        """Return Shopify's id of a product that is not deleted, or None."""
        found = await self._db.fetch_value(
            "SELECT shopify_gid FROM product WHERE id = $1 AND deleted_at IS NULL", product_id
        )
        return None if found is None else str(found)

    async def product_gids(self, *, after: str, limit: int) -> Sequence[tuple[str, str]]:
        """Return id and gid of the products that follow an id and are not deleted."""
        rows = await self._db.fetch_all(
            "SELECT id, shopify_gid FROM product WHERE id > $1 AND deleted_at IS NULL"
            " ORDER BY id LIMIT $2",
            after,
            limit,
        )
        return [(row["id"], row["shopify_gid"]) for row in rows]

    async def of_product(
        self, product_id: str, *, before: tuple[datetime, str] | None = None, limit: int
    ) -> Sequence[Artifact]:
        """Return a product's assets, the newest first, that were kept before another."""
        rows = await self._db.fetch_all(
            f"SELECT {_ARTIFACT} FROM link_product_macrodata_artifact l"
            " JOIN macrodata_artifact a ON a.id = l.artifact_id"
            " WHERE l.product_id = $1 AND l.role = $2"
            " AND ($4::timestamptz IS NULL OR (a.created_at, a.id) < ($4, $5))"
            " ORDER BY a.created_at DESC, a.id DESC LIMIT $3",
            product_id,
            ROLE,
            limit,
            *(before or (None, "")),
        )
        return [_artifact(row) for row in rows]

    async def link(self, product_id: str, artifact_id: str, *, at: datetime, by: str) -> bool:
        """Link an asset to a product; False if it was linked."""
        made = await self._db.execute(
            "INSERT INTO link_product_macrodata_artifact"
            " (id, product_id, artifact_id, role, created_at, created_by)"
            " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING",
            link_id(product_id, artifact_id),
            product_id,
            artifact_id,
            ROLE,
            at,
            by,
        )
        return made == 1

    async def unlink(self, product_id: str, artifact_id: str) -> bool:
        """Remove a link; False if there is none."""
        removed = await self._db.execute(
            "DELETE FROM link_product_macrodata_artifact WHERE id = $1",
            link_id(product_id, artifact_id),
        )
        return removed == 1

    async def of_products(self, product_ids: Sequence[str]) -> Sequence[tuple[str, Artifact]]:
        """Return the products' assets, each with its product, the newest link first."""
        rows = await self._db.fetch_all(
            f"SELECT l.product_id, {_ARTIFACT} FROM link_product_macrodata_artifact l"
            " JOIN macrodata_artifact a ON a.id = l.artifact_id"
            " WHERE l.product_id = ANY($1::text[]) AND l.role = $2"
            " ORDER BY l.product_id, l.created_at DESC, l.id",
            list(product_ids),
            ROLE,
        )
        return [(row["product_id"], _artifact(row)) for row in rows]

    async def ingestions_of(
        self, product_id: str, *, before: tuple[datetime, str] | None = None, limit: int
    ) -> Sequence[Artifact]:
        """Return the requests for a product, the newest first, that came before another."""
        rows = await self._db.fetch_all(
            f"SELECT {_ARTIFACT} FROM macrodata_artifact a"
            " WHERE a.kind = 'asset_ingest' AND a.payload->>'product_id' = $1"
            " AND ($3::timestamptz IS NULL OR (a.created_at, a.id) < ($3, $4))"
            " ORDER BY a.created_at DESC, a.id DESC LIMIT $2",
            product_id,
            limit,
            *(before or (None, "")),
        )
        return [_artifact(row) for row in rows]

    async def stored(self, *, after: str, until: str | None, limit: int) -> Sequence[StoredRow]:
        """Return what the rows say of the keys in `(after, until]`, in the order of a listing."""
        rows = await self._db.fetch_all(
            "SELECT a.payload->>'key' AS key, a.id AS artifact_id,"
            " a.payload->>'sha256' AS sha256, (a.payload->>'size')::bigint AS size,"
            " a.payload->>'content_type' AS content_type FROM macrodata_artifact a"
            " WHERE a.kind = 'design_asset' AND (a.payload->>'key') COLLATE \"C\" > $1"
            " AND ($2::text IS NULL OR (a.payload->>'key') COLLATE \"C\" <= $2)"
            " ORDER BY (a.payload->>'key') COLLATE \"C\" LIMIT $3",
            after,
            until,
            limit,
        )
        return [StoredRow(**row) for row in rows]

    async def set_content_type(self, key: str, content_type: str, *, at: datetime, by: str) -> int:
        """Note what the object of a key is; return how many rows said otherwise."""
        return await self._db.execute(
            "UPDATE macrodata_artifact SET payload = jsonb_set(payload, '{content_type}',"
            " to_jsonb($2::text)), version = version + 1, updated_at = $3, updated_by = $4"
            " WHERE kind = 'design_asset' AND (payload->>'key') COLLATE \"C\" = $1"
            " AND payload->>'content_type' <> $2",
            key,
            content_type,
            at,
            by,
        )

    async def dangling_links(self) -> int:
        """Return how many links lead to an asset or a product that is not there."""
        found = await self._db.fetch_value(
            "SELECT count(*) FROM link_product_macrodata_artifact l WHERE l.role = $1 AND ("
            " NOT EXISTS (SELECT 1 FROM macrodata_artifact a WHERE a.id = l.artifact_id)"
            " OR NOT EXISTS (SELECT 1 FROM product p WHERE p.id = l.product_id))",
            ROLE,
        )
        return int(found)


def _artifact(row: Row) -> Artifact:
    fields = {name: value for name, value in row.items() if name != "product_id"}
    return Artifact(**{**fields, "kind": ArtifactKind(row["kind"])})
