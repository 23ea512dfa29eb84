"""Reads the steps of a run from `sync.telemetry`, each in its newest copy."""

from __future__ import annotations

from typing import Any

from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import NoSuchTableError

from shared.adapters.lake.predicates import at_least, both, equal
from shared.adapters.lake.tables import telemetry_table
from shared.sync.run_steps import RunStep, RunSteps, RunStepsQuery

_COLUMNS = tuple(RunStep.model_fields)


def run_steps(catalog: Catalog, query: RunStepsQuery) -> RunSteps:
    """Return what the trail says of a run; blocking."""
    try:
        table = catalog.load_table(telemetry_table("sync"))
    except NoSuchTableError:
        return RunSteps(steps=[], is_cut=False)
    wanted = equal("run_id", query.run_id)
    if query.since is not None:
        wanted = both(wanted, at_least("occurred_at", query.since.isoformat()))
    fields = ("event_id", "source_version_at", *_COLUMNS)
    rows = table.scan(row_filter=wanted, selected_fields=fields).to_arrow().to_pylist()
    newest: dict[str, dict[str, Any]] = {}
    for row in sorted(rows, key=lambda row: row["source_version_at"]):
        newest[row["event_id"]] = row
    ordered = sorted(newest.values(), key=lambda row: (row["occurred_at"], row["step"]))
    shown = ordered[-query.limit :]
    steps = [RunStep.model_validate({name: row[name] for name in _COLUMNS}) for row in shown]
    return RunSteps(steps=steps, is_cut=len(shown) < len(ordered))
