"""Where the rows of each kind of export come from, one page after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from shared.clock import format_instant, parse_instant
from shared.combos.csv_columns import EXPORT_COLUMNS as COMBO_COLUMNS
from shared.combos.csv_columns import combo_cells
from shared.combos.repository import Combos
from shared.csv_exports.models import (
    ComboFilters,
    Filters,
    OrderFilters,
    PerformanceFilters,
    ProductFilters,
)
from shared.csv_exports.repository import ORDER_COLUMNS, PRODUCT_COLUMNS, ExportReads
from shared.csv_text import Cell
from shared.limits import PAGE_SIZE_MAX
from shared.performance.schemas import (
    PerformancePage,
    PerformanceQuery,
    ProductMeasurementDatum,
)
from shared.ports import Databases, JsonObject, Measurement

_PAGE: Final = 1_000
PERFORMANCE_COLUMNS: Final = tuple(ProductMeasurementDatum.model_fields)


@dataclass(frozen=True, slots=True)
class RowPage:
    """Some rows, and where the next page begins; None after the last."""

    rows: Sequence[Sequence[Cell]]
    cursor: JsonObject | None


class Source(Protocol):
    """The rows of one export."""

    @property
    def columns(self) -> Sequence[str]:
        """The header."""
        ...

    async def page(self, cursor: JsonObject | None) -> RowPage:
        """Return one page; the first with None."""
        ...


@dataclass(frozen=True, slots=True)
class OrderRows:
    """Orders with their totals, in the order of their creation."""

    databases: Databases
    filters: OrderFilters
    timezone: str
    until: datetime
    columns: Sequence[str] = ORDER_COLUMNS

    async def page(self, cursor: JsonObject | None) -> RowPage:
        """Return the orders that follow the cursor's."""
        after = None if cursor is None else (parse_instant(cursor["at"]), str(cursor["id"]))
        async with self.databases.open() as db:
            rows = await ExportReads(db).orders(
                self.filters, timezone=self.timezone, until=self.until, after=after, limit=_PAGE
            )
        rest: JsonObject | None = None
        if len(rows) == _PAGE:
            rest = {"at": format_instant(rows[-1]["created_at"]), "id": rows[-1]["order_id"]}
        return RowPage([[row[name] for name in self.columns] for row in rows], rest)


@dataclass(frozen=True, slots=True)
class ProductRows:
    """Products with their tags, in the order of their ids."""

    databases: Databases
    filters: ProductFilters
    columns: Sequence[str] = PRODUCT_COLUMNS

    async def page(self, cursor: JsonObject | None) -> RowPage:
        """Return the products that follow the cursor's."""
        after = "" if cursor is None else str(cursor["id"])
        async with self.databases.open() as db:
            rows = await ExportReads(db).products(self.filters, after=after, limit=_PAGE)
        rest: JsonObject | None = None
        if len(rows) == _PAGE:
            rest = {"id": rows[-1]["product_id"]}
        return RowPage([[row[name] for name in self.columns] for row in rows], rest)


@dataclass(frozen=True, slots=True)
class ComboRows:
    """Combo reports, in the form that an import reads."""

    databases: Databases
    filters: ComboFilters
    columns: Sequence[str] = COMBO_COLUMNS

    async def page(self, cursor: JsonObject | None) -> RowPage:
        """Return the reports that follow the cursor's."""
        async with self.databases.open() as db:
            reports = await Combos(db).following(
                "" if cursor is None else str(cursor["id"]),
                statuses=self.filters.status,
                tag=self.filters.tag,
                limit=_PAGE,
            )
        rest: JsonObject | None = {"id": reports[-1].id} if len(reports) == _PAGE else None
        return RowPage([combo_cells(report.content) for report in reports], rest)


@dataclass(frozen=True, slots=True)
class PerformanceRows:
    """Measured products, the best first; all pages are of one snapshot."""

    measurement: Measurement
    filters: PerformanceFilters
    columns: Sequence[str] = PERFORMANCE_COLUMNS

    async def page(self, cursor: JsonObject | None) -> RowPage:
        """Return the page of this cursor."""
        query = PerformanceQuery(
            **self.filters.model_dump(),
            limit=PAGE_SIZE_MAX,
            cursor=None if cursor is None else str(cursor["cursor"]),
        )
        answer = await self.measurement.query("performance", query.model_dump(mode="json"))
        page = PerformancePage.model_validate(answer)
        rows = [[getattr(item, name) for name in self.columns] for item in page.items]
        rest: JsonObject | None = None
        if page.next_cursor is not None:
            rest = {"cursor": page.next_cursor}
        return RowPage(rows, rest)


def source_of(
    filters: Filters,
    *,
    databases: Databases,
    measurement: Measurement,
    timezone: str,
    until: datetime,
) -> Source:
    """Return where the rows of an export with these filters come from."""
    if isinstance(filters, OrderFilters):
        return OrderRows(databases, filters, timezone, until)
    if isinstance(filters, ProductFilters):
        return ProductRows(databases, filters)
    if isinstance(filters, ComboFilters):
        return ComboRows(databases, filters)
    return PerformanceRows(measurement, filters)
