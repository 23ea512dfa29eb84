"""What a person sees of the local platform: parts starting, progress, the result, addresses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from local.platform import Platform
from local.staff import METRICS, Staff
from shared.identity.access import HEADER
from shared.money import from_minor
from shared.performance.models import NominalClassification
from shared.performance.schemas import PerformanceSummary, ProductMeasurementDatum
from shared.ports import JsonObject

SHOWN: Final = 12
WIDE: Final = 100
OTHER_COLUMNS: Final = 67
"""What the table needs beside the product's name."""
_SYNC_STEPS: Final = (
    "initiate", "request", "poll", "download", "upsert", "enrich", "advance-watermark",
)  # fmt: skip
_COLUMNS: Final = ("7d", "14d", "30d", "1st 7", "1st 14", "revenue", "value")
_REFRESH_STEPS: Final = ("replicate", "query", "compute", "classify", "write")
_COLOURS: Final[Mapping[NominalClassification, str]] = {
    NominalClassification.TOP_RISER: "green",
    NominalClassification.WINNER: "cyan",
    NominalClassification.BANANA: "yellow",
    NominalClassification.ARCHIVE_CANDIDATE: "red",
    NominalClassification.NONE: "dim",
}


class RunProgress:
    """Bars for the runs, moved by their summaries."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars

    def sync(self, name: str) -> Callable[[JsonObject], None]:
        """Return what moves the bar of a sync."""
        return self._steps(f"sync {name}", _SYNC_STEPS)

    def refresh(self) -> Callable[[JsonObject], None]:
        """Return what moves the bar of a measurement refresh."""
        return self._steps("measurement refresh", _REFRESH_STEPS)

    def landing(self, events: int) -> None:
        """Show that accepted events are in the lake."""
        bar = self._bars.add_task("land events", total=1, detail="")
        self._bars.update(bar, completed=1, detail=f"{events} events")

    def _steps(self, title: str, steps: tuple[str, ...]) -> Callable[[JsonObject], None]:
        bar = self._bars.add_task(title, total=len(steps), detail="queued")

        def watch(run: JsonObject) -> None:
            ended = run["status"] != "running"
            step = str(run.get("step", steps[0]))
            done = len(steps) if ended else (steps.index(step) if step in steps else 0)
            detail = run["status"] if ended else _detail(step, run)
            self._bars.update(bar, completed=done, detail=detail)

        return watch


class Screen:
    """Prints for a person; a terminal gets moving bars, a pipe plain lines."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def starting(self, part: str) -> None:
        """Say what is being started."""
        self._console.print(f"[dim]starting[/dim] {part}")

    @contextmanager
    def progress(self) -> Iterator[RunProgress]:
        """Show bars for the block."""
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description:<22}"),
            BarColumn(bar_width=28),
            TimeElapsedColumn(),
            TextColumn("[dim]{task.fields[detail]}"),
        )
        with Progress(*columns, console=self._console) as bars:
            yield RunProgress(bars)

    async def show_products(self, staff: Staff) -> None:
        """Show the best products with their class and windows, and the totals."""
        page = await anext(staff.products(limit=SHOWN))
        summary = await staff.summary()
        title = f"Top products as of {page.as_of}: net units of last and first days, revenue of 30"
        table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
        width = max(12, min(36, self._console.width - OTHER_COLUMNS))
        table.add_column("#", justify="right", min_width=2)
        table.add_column("product", overflow="ellipsis", no_wrap=True, max_width=width)
        table.add_column("class", no_wrap=True)
        columns = _COLUMNS if self._console.width >= WIDE else _COLUMNS[:-1]
        for name in columns:
            table.add_column(name, justify="right", no_wrap=True, min_width=len(name))
        for product in page.items:
            table.add_row(*_row(product)[: len(table.columns)])
        self._console.print(table)
        self._console.print(_totals(summary), highlight=False)

    def show_addresses(self, platform: Platform) -> None:
        """Show where everything is, and how to ask for it."""
        token = platform.access.user_token()
        query = f"{platform.url}{METRICS}?sort=-sales_last_30_days&limit=3"
        lines = (
            "",
            f"staff API     {platform.url}/docs   (sign in with the button; there is no password)",
            f"public API    {platform.public_url}/docs",
            f"Shopify       {platform.shop.url}/admin/api   (emulated)",
            f"webhooks      {platform.settings.INGEST_URL}/webhooks/shopify",
            f"Iceberg REST  {platform.catalog.url}   (warehouse {platform.catalog.warehouse})",
            f"PostgreSQL    {platform.database_url}",
            "",
            "Ask for the best sellers:",
            f"curl -s '{query}' -H '{HEADER}: {token}'",
            "",
            "Ctrl-C stops everything; the next start goes on from this state.",
        )
        for line in lines:
            self._console.print(line, soft_wrap=True, highlight=False, markup=False)


def _detail(step: str, run: JsonObject) -> str:
    bulk = run.get("bulk") or {}
    lines = f", {bulk['lines']} lines" if bulk.get("lines") else ""
    phase = f" {run['phase']}" if step == "upsert" and "phase" in run else ""
    return f"{step}{phase}{lines}"


def _row(product: ProductMeasurementDatum) -> tuple[str, ...]:
    name = product.nominal_classification
    revenue = from_minor(product.revenue_last_30_days_minor, product.currency)
    return (
        "" if product.rank is None else str(product.rank),
        product.product_name,
        f"[{_COLOURS[name]}]{name}[/]",
        str(product.sales_last_7_days),
        str(product.sales_last_14_days),
        str(product.sales_last_30_days),
        str(product.sales_first_7_days),
        str(product.sales_first_14_days),
        f"{revenue:,.0f}",
        f"{product.aggregate_measurement_value:,.1f}",
    )


def _totals(summary: PerformanceSummary) -> str:
    classes = ", ".join(
        f"{count} {name}" for name, count in summary.by_classification.items() if count
    )
    return (
        f"{summary.products} products ({summary.active_products} active): {classes}; "
        f"{summary.units_last_30_days:,} units in 30 days, "
        f"revenue in {summary.currency}"
    )
