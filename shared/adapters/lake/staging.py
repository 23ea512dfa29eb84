"""Keeps what each stage of a refresh made, so that a run that was cut off goes on from there."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from datetime import date
from pathlib import Path
from typing import Literal

import duckdb
from pydantic import BaseModel, ConfigDict

from shared.performance.schemas import RefreshReport, RefreshRequest


class StaleStage(Exception):
    """Another run wrote the tables since this run read them: its stages must be made again."""


class SalesChange(BaseModel):
    """What the query stage found: which days of sales differ, against which state of the lake."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mode: Literal["noop", "incremental", "full"]
    reason: str
    source_snapshot_id: int | None
    base_runs: dict[str, str | None]
    """The run that wrote each measurement table last, when this run read it."""
    ingest_lead_seconds: int = 0
    touched_days: int = 0
    changed_days: list[date] = []
    events_read: int = 0
    skipped_events: int = 0
    sales_rows: int = 0


class StateChange(BaseModel):
    """What the compute stage found: whether carried totals moved, and up to which day."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    until: date
    """Carried totals hold the days before this one."""
    is_changed: bool


def writer_id(request: RefreshRequest) -> str:
    """Return what commits of this run bear: its id, and a digest of what it was asked for.

    A run that is started anew may be asked for another day or dimension; what it wrote before
    does not count as this.
    """
    digest = hashlib.sha256(request.model_dump_json().encode()).hexdigest()
    return f"{request.run_id}.{digest[:12]}"


class Staging:
    """The directory of one run: Parquet files, and one report per finished stage."""

    def __init__(self, root: Path, request: RefreshRequest) -> None:
        self.directory = root / request.run_id
        self.directory.mkdir(parents=True, exist_ok=True)
        self.request = request
        self._claim()

    @staticmethod
    def is_begun(root: Path, request: RefreshRequest) -> bool:
        """Return whether the run has staged anything for this request here."""
        path = root / request.run_id / "request.json"
        asked = request.model_dump(mode="json")
        return path.exists() and json.loads(path.read_text("utf-8")) == asked

    def path(self, name: str) -> Path:
        """Return where the file of this name is or will be."""
        return self.directory / name

    def store(
        self, session: duckdb.DuckDBPyConnection, name: str, sql: str, **values: object
    ) -> None:
        """Write a query's rows as Parquet; the file is there whole or not at all."""
        target = self.path(name)
        partial = target.with_suffix(".partial")
        copy = f"COPY ({sql}) TO '{_sql_path(partial)}' (FORMAT parquet, COMPRESSION snappy)"
        session.execute(copy, values or None).fetchall()  # the file is whole from here on
        os.replace(partial, target)  # noqa: PTH105 - atomic, and says so

    def bind(self, session: duckdb.DuckDBPyConnection, view: str, name: str) -> None:
        """Make a view of a file that `store` wrote."""
        source = f"read_parquet('{_sql_path(self.path(name))}')"
        session.execute(f"CREATE OR REPLACE TEMP VIEW {view} AS SELECT * FROM {source}")

    def report(self, stage: str) -> RefreshReport | None:
        """Return the report of a finished stage, or None."""
        text = self._read(f"{stage}.report.json")
        return None if text is None else RefreshReport.model_validate_json(text)

    def finish(self, report: RefreshReport) -> RefreshReport:
        """Record that a stage is finished; the last thing that a stage does."""
        self.write(f"{report.stage}.report.json", report.model_dump_json())
        return report

    def write(self, name: str, text: str) -> None:
        """Write a small file whole or not at all."""
        partial = self.path(name + ".partial")
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, self.path(name))  # noqa: PTH105 - atomic, and says so

    def sales_change(self) -> SalesChange:
        """Return what the query stage found."""
        return SalesChange.model_validate_json(self.path("sales.json").read_text("utf-8"))

    def state_change(self) -> StateChange:
        """Return what the compute stage found."""
        return StateChange.model_validate_json(self.path("state.json").read_text("utf-8"))

    def clear(self) -> None:
        """Forget every stage of the run."""
        shutil.rmtree(self.directory, ignore_errors=True)

    def forget_stages(self) -> None:
        """Forget what the stages found and made; the dimension and the claim stay."""
        for path in self.directory.iterdir():
            if path.name not in {"request.json", "dimension.jsonl"} and path.is_file():
                path.unlink()

    def _claim(self) -> None:
        asked = self.request.model_dump(mode="json")
        text = self._read("request.json")
        if text is None:
            self.write("request.json", json.dumps(asked))
        elif json.loads(text) != asked:  # the run was started anew, and asks for something else
            self.clear()
            self.directory.mkdir(parents=True)
            self.write("request.json", json.dumps(asked))

    def _read(self, name: str) -> str | None:
        path = self.path(name)
        return path.read_text(encoding="utf-8") if path.exists() else None


def remove_old(root: Path, *, keep: int) -> None:
    """Remove the staging of all but the newest runs: what a run that never came back left."""
    runs = sorted(
        (path for path in root.iterdir() if (path / "request.json").exists()),
        key=lambda path: path.stat().st_mtime,
        reverse=True,
    )
    for path in runs[keep:]:
        shutil.rmtree(path, ignore_errors=True)


def _sql_path(path: Path) -> str:
    return str(path).replace("'", "''")
