"""A page of measured products as CSV, for who asks for that by `Accept`."""

from __future__ import annotations

from typing import Final

from fastapi import Request, Response

from shared.csv_text import CONTENT_TYPE, csv_lines
from shared.performance.schemas import PerformancePage, ProductMeasurementDatum

_COLUMNS: Final = tuple(ProductMeasurementDatum.model_fields)


def wants_csv(accept: str | None) -> bool:
    """Return whether an Accept header names `text/csv`, and nothing of ours before it."""
    qualities: dict[str, float] = {}
    for part in (accept or "").split(","):
        media, *parameters = (piece.strip().lower() for piece in part.split(";"))
        given = [p.removeprefix("q=") for p in parameters if p.startswith("q=")]
        qualities.setdefault(media, _quality(given[0]) if given else 1.0)
    json = qualities.get("application/json", 0.0)
    csv = qualities.get("text/csv", 0.0)
    order = list(qualities)
    first = json == 0 or (csv > 0 and order.index("text/csv") < order.index("application/json"))
    return csv > json or (csv > 0 and csv == json and first)


def csv_page(request: Request, page: PerformancePage) -> Response:
    """Return the page as CSV; a `Link` header has the address of the next one."""
    rows = [[getattr(item, name) for name in _COLUMNS] for item in page.items]
    headers = {
        "Vary": "Accept",
        "Content-Disposition": f'attachment; filename="performance-{page.as_of or "none"}.csv"',
    }
    if page.next_cursor is not None:
        url = request.url.include_query_params(cursor=page.next_cursor)
        headers["Link"] = f'<{url.path}?{url.query}>; rel="next"'
    return Response(csv_lines([_COLUMNS, *rows]), media_type=CONTENT_TYPE, headers=headers)


def _quality(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
