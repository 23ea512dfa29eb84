"""The write stage: what was staged becomes part of the tables, each commit once per run.

The order matters. Carried totals go first and performance last: whatever a run that dies between
two commits leaves, the next one starts from the source snapshot that the sales name, finds the
same days changed and makes the same products' totals again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

import duckdb
import pyarrow as pa
from pyiceberg.catalog import Catalog
from pyiceberg.expressions import BooleanExpression
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table
from pyiceberg.typedef import Identifier

from shared.adapters.lake import measurement_tables as names
from shared.adapters.lake.commits import commit
from shared.adapters.lake.lineage import spec_text
from shared.adapters.lake.measurement_tables import commit_properties
from shared.adapters.lake.partitions import write_days, write_rows
from shared.adapters.lake.predicates import EVERY_ROW, any_of, below, equal, one_of
from shared.adapters.lake.staging import SalesChange, Staging, StaleStage, writer_id
from shared.performance.models import PERFORMANCE_DAYS_KEPT
from shared.performance.schemas import RefreshReport

_ROWS_AT_ONCE: Final = 500_000
_FILES_PER_MANIFEST: Final = 64
"""A commit reads and writes again the manifests that name a replaced file, and only those."""


@dataclass(slots=True)
class Replacement:
    """A change that puts staged rows in the place of the files that a filter selects whole."""

    run_id: str
    base_run: str | None
    replaced: BooleanExpression | None
    properties: Mapping[str, str]
    rows: Iterator[pa.Table]
    files: list[DataFile] | None = None

    def __call__(self, table: Table, keys: Mapping[str, str]) -> None:
        """Commit to the table; see `commits.Change`."""
        if commit_properties(table).get(names.RUN_ID) != self.base_run:
            raise StaleStage
        if self.files is None:
            self.files = [file for rows in self.rows for file in self._written(table, rows)]
        removed = self._removed(table)
        if not removed and not self.files:
            return
        self._swap(table, removed, {**self.properties, **keys, names.RUN_ID: self.run_id})

    def _swap(self, table: Table, removed: list[DataFile], properties: dict[str, str]) -> None:
        """Swap the files in one commit; a snapshot, and so a manifest, per portion of new ones."""
        files = self.files or []
        with table.transaction() as transaction:
            update = transaction.update_snapshot(snapshot_properties=properties)
            with update.overwrite() as overwrite:
                for file in removed:
                    overwrite.delete_data_file(file)
                for file in files[:_FILES_PER_MANIFEST]:
                    overwrite.append_data_file(file)
            for first in range(_FILES_PER_MANIFEST, len(files), _FILES_PER_MANIFEST):
                update = transaction.update_snapshot(snapshot_properties=properties)
                with update.fast_append() as append:
                    for file in files[first : first + _FILES_PER_MANIFEST]:
                        append.append_data_file(file)

    def _written(self, table: Table, rows: pa.Table) -> list[DataFile]:
        rows = rows.select(table.schema().as_arrow().names).cast(table.schema().as_arrow())
        return (
            write_rows(table, rows) if table.spec().is_unpartitioned() else write_days(table, rows)
        )

    def _removed(self, table: Table) -> list[DataFile]:
        if self.replaced is None or table.current_snapshot() is None:
            return []
        return [task.file for task in table.scan(row_filter=self.replaced).plan_files()]


class Writer:
    """Commits one run's staged results."""

    def __init__(
        self, catalog: Catalog, staging: Staging, session: duckdb.DuckDBPyConnection
    ) -> None:
        self.catalog = catalog
        self.staging = staging
        self.session = session
        self.request = staging.request
        self.run = writer_id(staging.request)
        self.found: SalesChange = staging.sales_change()

    def write(self, report: RefreshReport) -> Table:
        """Commit everything and return the performance table.

        Raises:
            StaleStage: Another run wrote a table since this run read it.
            CommitGaveUp: The catalog does not take a commit now.
        """
        self._write_state()
        self._write_spec()
        sales = self._write_sales()
        return self._write_performance(sales, report)

    def _write_state(self) -> None:
        state = self.staging.state_change()
        if not state.is_changed:
            return
        self._replace(
            names.STATE,
            "state",
            replaced=EVERY_ROW,
            rows=self._staged("state.parquet"),
            properties={names.STATE_UNTIL: state.until.isoformat()},
        )

    def _write_spec(self) -> None:
        table = self.catalog.load_table(names.SPEC)
        said = commit_properties(table)
        wanted = spec_text(self.request)
        if said.get(names.SPEC_TEXT) == wanted:
            return
        row = {
            "spec_version": self.request.spec_version,
            **self.request.spec.model_dump(),
            "replicated_at": datetime.now(UTC),
        }
        change = Replacement(
            self.run,
            said.get(names.RUN_ID),
            EVERY_ROW,
            {names.SPEC_TEXT: wanted},
            iter([pa.Table.from_pylist([row])]),
        )
        commit(self.catalog, names.SPEC, f"{self.run}:spec", change)

    def _write_sales(self) -> Table:
        days = self.found.changed_days
        replaced: BooleanExpression | None = None
        if self.found.mode == "full":
            replaced = EVERY_ROW
        elif days:
            replaced = one_of("day", [day.isoformat() for day in days])
        return self._replace(
            names.SALES,
            "sales",
            replaced=replaced,
            rows=self._staged_sales(),
            properties=self._lineage(),
        )

    def _write_performance(self, sales: Table, report: RefreshReport) -> Table:
        as_of = self.request.as_of
        said = commit_properties(self.catalog.load_table(names.PERFORMANCE))
        newest = max(as_of, date.fromisoformat(said.get(names.NEWEST_AS_OF, as_of.isoformat())))
        oldest = newest - timedelta(days=PERFORMANCE_DAYS_KEPT)
        properties = {
            **self._lineage(),
            names.SALES_RUN: commit_properties(sales).get(names.RUN_ID, ""),
            names.AS_OF: as_of.isoformat(),
            names.NEWEST_AS_OF: newest.isoformat(),
            names.SPEC_TEXT: spec_text(self.request),
            names.DIMENSION_HASH: self.request.dimension_hash,
            names.REPORT: report.model_dump_json(),
        }
        return self._replace(
            names.PERFORMANCE,
            "performance",
            replaced=any_of([equal("day", as_of.isoformat()), below("day", oldest.isoformat())]),
            rows=self._staged("performance.parquet"),
            properties=properties,
        )

    def _replace(
        self,
        identifier: Identifier,
        name: str,
        *,
        replaced: BooleanExpression | None,
        rows: Iterator[pa.Table],
        properties: Mapping[str, str],
    ) -> Table:
        change = Replacement(self.run, self.found.base_runs[name], replaced, properties, rows)
        return commit(self.catalog, identifier, f"{self.run}:{name}", change)

    def _lineage(self) -> dict[str, str]:
        source = self.found.source_snapshot_id
        return {
            names.SOURCE_SNAPSHOT: "" if source is None else str(source),
            names.TIMEZONE: self.request.timezone,
            names.CURRENCY: self.request.currency,
            names.INGEST_LEAD: str(self.found.ingest_lead_seconds),
        }

    def _staged(self, name: str) -> Iterator[pa.Table]:
        self.staging.bind(self.session, "staged", name)
        rows = self.session.sql("SELECT * FROM staged").to_arrow_table()
        if rows.num_rows:
            yield rows

    def _staged_sales(self) -> Iterator[pa.Table]:
        """Yield sales as they were staged, by day: whole days at a time, so that they fit."""
        self.staging.bind(self.session, "staged_sales", "sales.parquet")
        self.session.execute("SET preserve_insertion_order = true")
        counts = self.session.sql(
            "SELECT day, count(*) FROM staged_sales GROUP BY day ORDER BY day"
        ).fetchall()
        for first, last in _portions(counts):
            yield self.session.sql(
                f"SELECT *, '{self.request.currency}' AS currency FROM staged_sales"
                f" WHERE day BETWEEN DATE '{first}' AND DATE '{last}'"
            ).to_arrow_table()


def _portions(counts: list[tuple[date, int]]) -> Iterator[tuple[date, date]]:
    first: date | None = None
    held = 0
    for day, rows in counts:
        first = first or day
        held += rows
        if held >= _ROWS_AT_ONCE:
            yield first, day
            first, held = None, 0
    if first is not None:
        yield first, counts[-1][0]
