"""What the routes over CSV exports take and give."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Literal

from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from shared import limits
from shared.csv_exports.models import READY, Export, ExportKind, ExportStatus
from shared.csv_text import CONTENT_TYPE
from shared.http.conditional import etag
from shared.http.pagination import PageParameters
from shared.ports import JsonObject, ObjectInfo, ObjectStore


class ExportRequest(BaseModel):
    """What is exported, and of which rows."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"kind": "orders", "filters": {"created_from": "2026-11-01"}}
        },
    )

    kind: ExportKind
    filters: Annotated[
        JsonObject,
        Field(
            description="orders: created_from, created_to, financial_status, fulfillment_status,"
            " include_test; products: status, vendor, tag, include_deleted; combos: status, tag;"
            " performance: classification, tag, category, designer, is_active, text."
        ),
    ] = Field(default_factory=dict)


class ExportParameters(PageParameters):
    """The query parameters of the list of exports."""

    status: ExportStatus | None = None


class CsvExportRead(BaseModel):
    """One export of rows as CSV."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    kind: ExportKind
    status: Literal["requested", "running", "ready", "failed"]
    filters: JsonObject
    run_id: str | None
    filename: str
    rows: int | None
    size: int | None = Field(description="Of the file, in bytes.")
    error: str | None = Field(description="Why it failed.")
    created_at: datetime
    created_by: str
    finished_at: datetime | None
    download: str | None = Field(default=None, description="Where the file is, once it is ready.")

    @classmethod
    def of(cls, export: Export) -> CsvExportRead:
        """Return an export as it is shown."""
        href = f"/api/csv/exports/{export.id}/download" if export.status == READY else None
        return cls.model_validate(export).model_copy(update={"download": href})


def file_answer(objects: ObjectStore, export: Export, file: ObjectInfo) -> StreamingResponse:
    """Return the file as an answer that holds one range of it at a time."""
    headers = {
        "Content-Disposition": f'attachment; filename="{export.filename}"',
        "Content-Length": str(file.size),
        "ETag": etag(file.etag),
        "Cache-Control": "private, no-cache",
    }
    return StreamingResponse(_ranges(objects, file), media_type=CONTENT_TYPE, headers=headers)


async def _ranges(objects: ObjectStore, file: ObjectInfo) -> AsyncIterator[bytes]:
    for offset in range(0, file.size, limits.OBJECT_RANGE_BYTES):
        yield await objects.read_range(file.key, offset=offset, length=limits.OBJECT_RANGE_BYTES)
