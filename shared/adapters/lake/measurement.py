"""The measurement engine: refreshes the measurement tables in stages and answers reads of them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final, TypeVar

import duckdb
from pydantic import BaseModel, ValidationError
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import RESTError
from requests import RequestException

from shared.adapters.lake import measurement_tables as names
from shared.adapters.lake.commits import find_commit
from shared.adapters.lake.engagement_reads import read_engagement
from shared.adapters.lake.group_reads import read_group_sales
from shared.adapters.lake.lineage import base_runs
from shared.adapters.lake.measurement_queries import PerformanceReads
from shared.adapters.lake.measurement_tables import (
    ensure_measurement_tables,
    load_measurement_tables,
)
from shared.adapters.lake.readers import PlannedReader, TableReader
from shared.adapters.lake.refresh_classify import classify
from shared.adapters.lake.refresh_compute import compute
from shared.adapters.lake.refresh_query import Lake, load_source, query
from shared.adapters.lake.refresh_write import Writer
from shared.adapters.lake.run_reads import run_steps
from shared.adapters.lake.sessions import EngineLimits, open_session
from shared.adapters.lake.staging import SalesChange, Staging, StaleStage, remove_old, writer_id
from shared.engagement.report_schemas import ENGAGEMENT, EngagementQuery, EngagementReport
from shared.errors import FieldProblem, InvalidInput, NotFound, Unavailable
from shared.performance.group_schemas import GROUP_SALES, GroupPage, GroupQuery
from shared.performance.preview_schemas import PREVIEW, PreviewQuery
from shared.performance.schemas import (
    PerformanceQuery,
    RefreshReport,
    RefreshRequest,
    RefreshStage,
    SummaryQuery,
)
from shared.ports import JsonObject, ObjectStore
from shared.sync.run_steps import RUN_STEPS, RunStepsQuery

STAGES: Final[tuple[RefreshStage, ...]] = ("query", "compute", "classify", "write")
_ATTEMPTS: Final = 3
_STAGINGS_KEPT: Final = 4
_Document = TypeVar("_Document", bound=BaseModel)
_Result = TypeVar("_Result")


class UnknownQuery(NotFound):
    """The measurement knows no query or stage of this name."""


class DimensionMissing(NotFound):
    """The replicated product dimension is not in the object store."""


class TablesContended(Unavailable):
    """Other runs kept writing the measurement tables; try again."""


class LakeMeasurement:
    """DuckDB over Iceberg, in this process; one refresh at a time, reads beside it."""

    def __init__(
        self,
        catalog: Catalog,
        objects: ObjectStore,
        staging: Path,
        *,
        reader: TableReader | None = None,
        limits: EngineLimits | None = None,
    ) -> None:
        self._catalog = catalog
        self._objects = objects
        self._staging = staging
        self._reader = reader or PlannedReader()
        self._limits = limits or EngineLimits()
        self._writing = asyncio.Lock()
        self._is_ensured = False
        self._reads = PerformanceReads(catalog, self._reader, staging, self._limits)
        staging.mkdir(parents=True, exist_ok=True)

    async def refresh(self, stage: str, request: JsonObject, /) -> JsonObject:
        """Run one stage; what earlier stages lost with their machine is made again first."""
        asked = _parsed(RefreshRequest, request)
        if stage not in STAGES:
            raise UnknownQuery(stage)
        async with self._writing:
            report = await asyncio.to_thread(_translated, lambda: self._finished(stage, asked))
            if report is None:
                staging = await asyncio.to_thread(Staging, self._staging, asked)
                await self._fetch_dimension(staging)
                report = await asyncio.to_thread(_translated, lambda: self._run(stage, staging))
        return report.model_dump(mode="json")

    async def query(self, name: str, request: JsonObject, /) -> JsonObject:
        """Answer a named read: of products, totals, groups, engagement, steps, or a preview."""
        if name == "performance":
            asked = _parsed(PerformanceQuery, request)
            page = await asyncio.to_thread(_translated, lambda: self._reads.performance(asked))
            return page.model_dump(mode="json")
        if name == "summary":
            day = _parsed(SummaryQuery, request)
            summary = await asyncio.to_thread(_translated, lambda: self._reads.summary(day))
            return summary.model_dump(mode="json")
        if name == PREVIEW:
            spec = _parsed(PreviewQuery, request)
            preview = await asyncio.to_thread(_translated, lambda: self._reads.preview(spec))
            return preview.model_dump(mode="json")
        if name == GROUP_SALES:
            groups = _parsed(GroupQuery, request)
            found = await asyncio.to_thread(_translated, lambda: self._group_sales(groups))
            return found.model_dump(mode="json")
        if name == ENGAGEMENT:
            whose = _parsed(EngagementQuery, request)
            counts = await asyncio.to_thread(_translated, lambda: self._engagement(whose))
            return counts.model_dump(mode="json")
        if name == RUN_STEPS:
            run = _parsed(RunStepsQuery, request)
            steps = await asyncio.to_thread(_translated, lambda: run_steps(self._catalog, run))
            return steps.model_dump(mode="json")
        raise UnknownQuery(name)

    def _group_sales(self, query: GroupQuery) -> GroupPage:
        return read_group_sales(self._catalog, self._reader, self._staging, self._limits, query)

    def _engagement(self, query: EngagementQuery) -> EngagementReport:
        return read_engagement(self._catalog, self._reader, self._staging, self._limits, query)

    def _finished(self, stage: RefreshStage, request: RefreshRequest) -> RefreshReport | None:
        """Return the report of a run that wrote everything and forgot its staging."""
        if Staging.is_begun(self._staging, request):
            return None
        self._ensure_tables()
        table = self._catalog.load_table(names.PERFORMANCE)
        done = find_commit(table, f"{writer_id(request)}:performance")
        if done is None or done.summary is None:
            return None
        report = RefreshReport.model_validate_json(done.summary.additional_properties[names.REPORT])
        return report.model_copy(update={"stage": stage, "snapshot_id": str(done.snapshot_id)})

    def _ensure_tables(self) -> None:
        if not self._is_ensured:
            ensure_measurement_tables(self._catalog)
            self._is_ensured = True

    async def _fetch_dimension(self, staging: Staging) -> None:
        target = staging.path("dimension.jsonl")
        if target.exists():
            return
        partial = target.with_suffix(".partial")
        if await self._objects.head(staging.request.dimension_key) is None:
            raise DimensionMissing(staging.request.dimension_key)
        with partial.open("wb") as file:
            async for chunk in self._objects.stream(staging.request.dimension_key):
                file.write(chunk)
        os.replace(partial, target)  # noqa: PTH105 - atomic, and says so

    def _run(self, stage: RefreshStage, staging: Staging) -> RefreshReport:
        for _ in range(_ATTEMPTS):
            try:
                return self._stages_up_to(stage, staging)
            except StaleStage:
                staging.forget_stages()
        raise TablesContended(staging.request.run_id)

    def _stages_up_to(self, stage: RefreshStage, staging: Staging) -> RefreshReport:
        report = None
        for name in STAGES[: STAGES.index(stage) + 1]:
            report = staging.report(name)
            if report is None:
                with self._session(staging) as session:
                    report = self._stage(name, staging, session)
        if report is None:
            raise UnknownQuery(stage)
        if stage == "write":
            staging.clear()
            remove_old(self._staging, keep=_STAGINGS_KEPT)
        return report

    def _stage(
        self, stage: RefreshStage, staging: Staging, session: duckdb.DuckDBPyConnection
    ) -> RefreshReport:
        lake = None
        if stage in ("query", "compute"):
            lake = self._lake()
        if stage == "query" and lake is not None:
            staging.write("sales.json", query(lake, staging, session).model_dump_json())
        found = staging.sales_change()
        report = _report(stage, staging.request.run_id, found)
        if found.mode == "noop":
            return staging.finish(report.model_copy(update={"snapshot_id": self._newest()}))
        if stage == "compute" and lake is not None:
            if base_runs(lake.tables) != found.base_runs:
                raise StaleStage
            staging.write("state.json", compute(lake, staging, session).model_dump_json())
        if stage == "classify":
            products, unknown = classify(staging, session)
            report = report.model_copy(update={"products": products, "unknown_products": unknown})
        if stage == "write":
            report = self._written(staging, session, report)
        return staging.finish(report)

    def _session(self, staging: Staging) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        return open_session(staging.directory, self._limits, self._reader.prepare)

    def _lake(self) -> Lake:
        self._ensure_tables()
        tables = load_measurement_tables(self._catalog)
        return Lake(self._catalog, self._reader, tables, load_source(self._catalog))

    def _newest(self) -> str | None:
        snapshot = self._catalog.load_table(names.PERFORMANCE).current_snapshot()
        return _text(snapshot.snapshot_id if snapshot is not None else None)

    def _written(
        self, staging: Staging, session: duckdb.DuckDBPyConnection, report: RefreshReport
    ) -> RefreshReport:
        if (done := staging.report("classify")) is not None:
            counts = {"products": done.products, "unknown_products": done.unknown_products}
            report = report.model_copy(update=counts)
        table = Writer(self._catalog, staging, session).write(report)
        snapshot = find_commit(table, f"{writer_id(staging.request)}:performance")
        written = _text(snapshot.snapshot_id if snapshot is not None else None)
        return report.model_copy(update={"snapshot_id": written})


def _report(stage: RefreshStage, run_id: str, found: SalesChange) -> RefreshReport:
    return RefreshReport(
        run_id=run_id,
        stage=stage,
        mode=found.mode,
        reason=found.reason,
        touched_days=found.touched_days,
        events_read=found.events_read,
        sales_rows=found.sales_rows,
        skipped_events=found.skipped_events,
        source_snapshot_id=_text(found.source_snapshot_id),
    )


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)


def _parsed(model: type[_Document], document: JsonObject) -> _Document:
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise InvalidInput(
            f"no valid {model.__name__}",
            problems=[
                FieldProblem("/" + "/".join(map(str, item["loc"])), item["msg"])
                for item in error.errors(include_input=False, include_url=False)
            ],
        ) from error


def _translated(action: Callable[[], _Result]) -> _Result:
    """Run the action; a catalog that does not answer is Unavailable."""
    try:
        return action()
    except (RESTError, RequestException) as error:
        raise Unavailable("the catalog does not answer") from error
