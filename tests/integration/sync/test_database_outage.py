"""PostgreSQL goes away in the middle of a run: the run ends, and what it worked on says so."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any

import pytest

from shared.adapters.embedded.database import AsyncpgDatabases
from shared.adapters.embedded.workflows import JournalWorkflows
from shared.artifacts.kinds import ArtifactKind
from shared.artifacts.models import Artifact
from shared.artifacts.repository import Artifacts
from shared.errors import Unavailable
from shared.ids import derived_id
from shared.ports import Database, JsonObject
from shared.products.repository import ProductWrites
from shared.sync.audit import CLOSE_FAILURE, REPORT_FAILURE
from shared.sync.runs import retry_run
from shared.webhooks.compliance import record_id
from tests.fixtures import orders as made
from tests.fixtures.assets import BASE_URL
from tests.fixtures.workflow_runs import WorkflowLab

ID = "mda_" + "1" * 32
PRODUCT = derived_id("prd", "1")
AWAY = "PostgreSQL does not answer"
RUNS: dict[str, tuple[ArtifactKind, str, JsonObject]] = {
    "csv-export": (ArtifactKind.DOCUMENT_EXPORT, ID, {"export_id": ID, "kind": "orders"}),
    "combo-import": (
        ArtifactKind.COMBO_IMPORT, ID, {"import_id": ID, "csv": "title,tags\r\nA,x;y\r\n"},
    ),
    "asset-ingest": (
        ArtifactKind.ASSET_INGEST, ID,
        {"ingest_id": ID, "product_id": PRODUCT, "dropbox_url": "https://dropbox"},
    ),
    "shopify-compliance": (
        ArtifactKind.COMPLIANCE_RECORD, record_id("run_1"),
        {"topic": "customers/redact", "shop": "demo.myshopify.com"},
    ),
}  # fmt: skip


class Outage:
    """A database that goes away after the first step, and comes back or does not."""

    def __init__(self, lab: WorkflowLab, *, waits: int) -> None:
        self.databases, self.is_away, self.waits = lab.databases, False, waits
        lab.databases = self  # type: ignore[assignment]
        lab.sleep = self.sleep

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Database]:
        if self.is_away:
            raise Unavailable(AWAY)
        async with self.databases.open() as db:
            yield db

    async def close(self) -> None:
        """Close what is behind it."""
        await self.databases.close()

    async def sleep(self, seconds: float) -> None:
        """Wait; a wait of half a minute is one for the database."""
        if seconds == 30 and self.is_away:
            self.waits -= 1
            self.is_away = self.waits > 0

    def begin(self, point: Any, workflow: str, step: str) -> None:
        del workflow
        self.is_away = self.is_away or (point, step) == ("after", "begin")


@pytest.fixture
async def lab(workflow_lab: WorkflowLab, monkeypatch: pytest.MonkeyPatch) -> WorkflowLab:
    async def receive(*_: object, **__: object) -> None:
        raise Unavailable(AWAY)

    monkeypatch.setattr(import_module("ingest.workflows.asset_ingest"), "receive", receive)
    settings = workflow_lab.ports.settings.model_copy(update={"ASSET_BASE_URL": BASE_URL})
    workflow_lab.others["settings"] = settings
    async with workflow_lab.databases.open() as db:
        await ProductWrites(db).upsert_roots([made.product(1, id=PRODUCT)], written_by="run_1")
    return workflow_lab


async def artifact(databases: AsyncpgDatabases, kind: ArtifactKind, artifact_id: str) -> Artifact:
    async with databases.open() as db:
        found = await Artifacts(db).get(kind, artifact_id)
    assert found is not None
    return found


@pytest.mark.parametrize("name", RUNS)
async def test_a_run_is_reported_at_once_and_its_artifact_once_it_can_be(
    lab: WorkflowLab, name: str
) -> None:
    kind, artifact_id, payload = RUNS[name]
    databases, outage = lab.databases, Outage(lab, waits=19)
    status = await lab.run(name, {"run_id": "run_1", **payload}, interrupt=outage.begin)
    assert status.state == "errored"
    assert AWAY in (status.error or "")
    assert lab.steps[-2:] == [REPORT_FAILURE, CLOSE_FAILURE]
    assert (await lab.summary("run_1"))["status"] == "failed"
    assert "run_failed" in {event["event_type"] for event in lab.ports.sync.events}
    closed = await artifact(databases, kind, artifact_id)
    assert closed.status == "failed"
    assert closed.payload.get("error", closed.payload.get("reason")) in {AWAY, "Unavailable"}


async def test_a_run_whose_artifact_could_not_be_closed_can_be_tried_again(
    lab: WorkflowLab,
) -> None:
    kind, artifact_id, payload = RUNS["csv-export"]
    outage = Outage(lab, waits=99)
    status = await lab.run("csv-export", {"run_id": "run_1", **payload}, interrupt=outage.begin)
    assert status.state == "errored"
    assert (await lab.summary("run_1"))["status"] == "failed"
    assert (await artifact(outage.databases, kind, artifact_id)).status == "running"
    outage.is_away = False
    engine = JournalWorkflows(lab.ports.journal, clock=lab.clock)

    async def workflow(step: Any, given: JsonObject) -> Any:
        return await import_module("ingest.workflows").WORKFLOWS["csv-export"](
            step, given, lab.bindings()
        )

    engine.register("csv-export", workflow)
    await retry_run(lab.ports.watermarks, engine, "run_1", by="ann")
    assert (await engine.finished("csv-export", "run_1")).state == "complete"
    assert (await artifact(outage.databases, kind, artifact_id)).status == "ready"
