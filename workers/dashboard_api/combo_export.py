"""Combo logs as a CSV that an import takes back unchanged, sent while it is read."""

from __future__ import annotations

from collections.abc import AsyncIterator

from fastapi.responses import StreamingResponse

from dashboard_api.bindings import DashboardBindings
from dashboard_api.combo_requests import ComboFilter
from shared.csv_exports.models import ComboFilters
from shared.csv_exports.sources import ComboRows, RowPage
from shared.csv_text import CONTENT_TYPE, csv_head, csv_lines


async def combo_csv(bindings: DashboardBindings, asked: ComboFilter) -> StreamingResponse:
    """Return the answer; what fails on the first page is an error, not a broken file."""
    source = ComboRows(bindings.databases, ComboFilters(**asked.model_dump()))
    first = await source.page(None)
    name = f"combo-logs-{bindings.clock.now():%Y%m%d-%H%M%S}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(_lines(source, first), media_type=CONTENT_TYPE, headers=headers)


async def _lines(source: ComboRows, page: RowPage) -> AsyncIterator[str]:
    yield csv_head(source.columns) + csv_lines(page.rows)
    while page.cursor is not None:
        page = await source.page(page.cursor)
        yield csv_lines(page.rows)
