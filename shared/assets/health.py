"""Compares stored assets with their rows, both ways, one page of the listing at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from shared.artifacts.kinds import ArtifactKind
from shared.artifacts.repository import Artifacts
from shared.assets.names import PREFIX
from shared.assets.repository import AssetRows, StoredRow
from shared.errors import Conflict
from shared.ids import derived_id
from shared.ports import Database, JsonObject, ObjectInfo, ObjectStore

PAGE: Final = 500
"""Objects, and rows, that are held at once."""
SAMPLES: Final = 50
"""Findings of a kind that the report names; it counts all of them."""
_SETTLED: Final = timedelta(days=1)
"""A younger object may be of a run that has not come to its row yet."""
KINDS: Final = ("object_missing", "row_missing", "size_differs", "type_differs", "hash_differs")


@dataclass
class Tally:
    """What was found up to here; small enough to go from step to step."""

    objects: int = 0
    rows: int = 0
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    samples: dict[str, list[JsonObject]] = field(default_factory=lambda: {k: [] for k in KINDS})

    def add(self, kind: str, **what: str | int | None) -> None:
        """Count a finding, and name it while there is room."""
        self.counts[kind] += 1
        if len(self.samples[kind]) < SAMPLES:
            self.samples[kind].append(what)


async def compare_page(
    db: Database, assets: ObjectStore, tally: Tally, *, place: JsonObject, at: datetime
) -> JsonObject | None:
    """Compare one page of objects with the rows of its keys; return the next place, or None.

    Args:
        db: Where the rows are.
        assets: The public bucket.
        tally: Takes what is found.
        place: The listing's cursor, and the last key that was compared.
        at: When the check began.
    """
    page = await assets.list(prefix=PREFIX, cursor=place["cursor"], limit=PAGE)
    last = page.objects[-1].key if page.objects and page.cursor is not None else None
    objects = {found.key: found for found in page.objects}
    tally.objects += len(objects)
    async for row in _rows(AssetRows(db), after=place["key"], until=last):
        tally.rows += 1
        _compare(tally, row, objects.pop(row.key, None))
    for found in objects.values():
        if at - found.uploaded_at >= _SETTLED:
            tally.add("row_missing", key=found.key, size=found.size)
    if page.cursor is None:
        return None
    return {"cursor": page.cursor, "key": last if last is not None else place["key"]}


async def keep_report(
    db: Database, tally: Tally, *, run_id: str, started_at: datetime, at: datetime, by: str
) -> JsonObject:
    """Keep the report as an artifact; a second time changes nothing."""
    dangling = await AssetRows(db).dangling_links()
    is_healthy = not dangling and not any(tally.counts.values())
    report: JsonObject = {
        "run_id": run_id,
        "objects": tally.objects,
        "rows": tally.rows,
        "dangling_links": dangling,
        "counts": tally.counts,
        "samples": tally.samples,
        "started_at": started_at.isoformat(),
    }
    status = "healthy" if is_healthy else "findings"
    artifacts, identity = Artifacts(db), derived_id("mda", "asset_health_report", run_id)
    if await artifacts.get(ArtifactKind.ASSET_HEALTH_REPORT, identity) is None:
        with suppress(Conflict):  # the same step, a moment earlier
            await artifacts.add(
                ArtifactKind.ASSET_HEALTH_REPORT,
                report,
                at=at,
                by=by,
                name=run_id,
                status=status,
                artifact_id=identity,
            )
    return {"artifact_id": identity, "health": status, **tally.counts, "dangling_links": dangling}


async def _rows(rows: AssetRows, *, after: str, until: str | None) -> AsyncIterator[StoredRow]:
    while found := await rows.stored(after=after, until=until, limit=PAGE):
        for row in found:
            yield row
        after = found[-1].key


def _compare(tally: Tally, row: StoredRow, found: ObjectInfo | None) -> None:
    named = {"key": row.key, "artifact_id": row.artifact_id}
    if found is None:
        tally.add("object_missing", **named)
        return
    if found.size != row.size:
        tally.add("size_differs", **named, stored=found.size, row=row.size)
    elif found.metadata.get("sha256", row.sha256) != row.sha256:
        tally.add("hash_differs", **named)
    if found.content_type != row.content_type:
        tally.add("type_differs", **named, stored=found.content_type, row=row.content_type)
