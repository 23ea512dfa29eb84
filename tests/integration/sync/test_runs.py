"""Runs and dead letters over the internal entrypoint: shown, retried, cancelled, replayed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from importlib import import_module

import httpx
import pyarrow as pa
import pytest
from ingest.app import internal_app
from ingest.queue import store_dead_letter
from ingest.workflows import WORKFLOWS

from shared.adapters.embedded.workflows import JournalWorkflows
from shared.adapters.lake.tables import telemetry_table
from shared.clock import format_instant
from shared.combos import imports
from shared.csv_exports import exports
from shared.errors import Unavailable
from shared.ports import Json, JsonObject, Step
from shared.sync.clean_up import clean_up
from shared.telemetry import SyncEvent
from tests.fixtures.ingest import consume_one
from tests.fixtures.measurement import Lab
from tests.fixtures.workflow_runs import NOW, WorkflowLab

EXPORT = import_module("ingest.workflows.csv_export")
EXPORT_ID = "mda_" + "e" * 32
JOB: JsonObject = {"run_id": "run_1", "export_id": EXPORT_ID, "kind": "products", "filters": {}}


class Engine:
    """A platform whose engine stays up, and a client of its internal entrypoint."""

    def __init__(self, lab: WorkflowLab) -> None:
        self.lab = lab
        self.engine = JournalWorkflows(lab.ports.journal, clock=lab.clock, sleep=lab.sleep)
        for name, workflow in WORKFLOWS.items():
            self.engine.register(name, self._definition(workflow))
        lab.others["workflows"] = self.engine
        app = internal_app(lambda _: lab.bindings())
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://internal"
        )

    def _definition(self, workflow):
        async def run(step: Step, payload: JsonObject) -> Json:
            return await workflow(step, payload, self.lab.bindings())

        return run

    async def start(self, job: JsonObject = JOB, name: str = "csv-export") -> str:
        await self.engine.start(name, job["run_id"], job)
        return (await self.engine.finished(name, job["run_id"])).state

    async def get(self, path: str, **params: str) -> JsonObject:
        answer = await self.http.get(path, params=params)
        assert answer.status_code == 200, answer.text
        document: JsonObject = answer.json()
        return document

    async def post(self, path: str, status: int, **body: str) -> JsonObject:
        answer = await self.http.post(path, json=body)
        assert answer.status_code == status, answer.text
        document: JsonObject = answer.json()
        return document


@pytest.fixture
async def platform(workflow_lab: WorkflowLab) -> AsyncIterator[Engine]:
    engine = Engine(workflow_lab)
    yield engine
    await engine.engine.close()
    await engine.http.aclose()


def break_assembly(monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object, **__: object) -> int:
        raise ValueError("no space left")

    monkeypatch.setattr(EXPORT, "assemble", broken)


async def test_one_run_is_shown_with_its_steps_from_the_lake(platform: Engine, lab: Lab) -> None:
    platform.lab.others["measurement"] = lab.engine
    assert await platform.start() == "complete"
    await platform.start({**JOB, "run_id": "run_2"})
    events = platform.lab.ports.sync.events
    older = {**events[0], "source_version_at": "2026-01-01T00:00:00Z", "records_read": 99}
    table = lab.catalog.load_table(telemetry_table("sync"))
    rows = [SyncEvent.model_validate(e).model_dump() | {"__ingest_ts": NOW} for e in events]
    rows.append(SyncEvent.model_validate(older).model_dump() | {"__ingest_ts": NOW})
    table.append(pa.Table.from_pylist(rows, schema=table.schema().as_arrow()))
    shown = await platform.get("/runs/run_1/steps")
    assert shown["status"] == "complete"
    steps = [step["step"] for step in shown["steps"]]
    assert sorted(steps) == sorted(e["step"] for e in events if e["run_id"] == "run_1")
    assert all(step["records_read"] < 99 for step in shown["steps"])
    assert shown["is_cut"] is False
    cut = await platform.get("/runs/run_1/steps", limit="2")
    assert (len(cut["steps"]), cut["is_cut"]) == (2, True)


async def test_a_run_is_shown_while_the_lake_is_away(platform: Engine) -> None:
    class Away:
        async def query(self, *_: object) -> JsonObject:
            raise Unavailable("the catalog does not answer")

    platform.lab.others["measurement"] = Away()
    await platform.start()
    shown = await platform.get("/runs/run_1/steps")
    assert (shown["status"], shown["steps"]) == ("complete", None)
    assert shown["steps_problem"] == "the catalog does not answer"
    assert (await platform.http.get("/runs/none/steps")).status_code == 404


async def test_a_failed_run_is_tried_again(
    platform: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_assembly(monkeypatch)
    assert await platform.start() == "errored"
    failed = await platform.get("/runs", status="failed", workflow="csv-export")
    assert [run["run_id"] for run in failed["runs"]] == ["run_1"]
    assert (await platform.get("/runs", workflow="backfill"))["runs"] == []
    monkeypatch.undo()
    answer = await platform.post("/runs/run_1/retry", 202, requested_by="ann@example.com")
    assert (answer["error"], answer["retries"], answer["retried_by"]) == (
        None, 1, "ann@example.com",
    )  # fmt: skip
    await platform.engine.finished("csv-export", "run_1")
    run = await platform.get("/runs/run_1")
    assert (run["status"], run["reason"], run["retries"]) == ("complete", None, 1)
    await platform.post("/runs/run_1/retry", 409)
    await platform.post("/runs/run_9/retry", 404)
    await platform.post("/runs/run_1/cancel", 409)


async def test_all_failed_runs_are_tried_again(
    platform: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_assembly(monkeypatch)
    for number in (1, 2):
        export_id = "mda_" + str(number) * 32
        await platform.start({**JOB, "run_id": f"run_{number}", "export_id": export_id})
    forgotten = {"run_id": "run_3", "workflow": "csv-export", "status": "failed"}
    await platform.lab.ports.watermarks.record_run({**forgotten, "started_at": format_instant(NOW)})
    monkeypatch.undo()
    since = format_instant(NOW + timedelta(minutes=1))
    assert (await platform.post("/retry-failed", 202, since=since))["runs"] == []
    answer = await platform.post("/retry-failed", 202, since=format_instant(NOW))
    outcomes = {run["run_id"]: run["status"] for run in answer["runs"]}
    assert outcomes == {"run_1": "queued", "run_2": "queued", "run_3": "left"}
    assert (await platform.get("/runs/run_3"))["status"] == "failed"
    for run_id in ("run_1", "run_2"):
        await platform.engine.finished("csv-export", run_id)
        assert (await platform.get(f"/runs/{run_id}"))["status"] == "complete"


async def test_a_run_is_cancelled_and_what_it_held_is_free(
    platform: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = asyncio.Event()

    async def endless(*_: object, **__: object) -> int:
        begun.set()
        await asyncio.sleep(3600)
        return 0

    monkeypatch.setattr(EXPORT, "assemble", endless)
    watermarks = platform.lab.ports.watermarks
    await platform.engine.start("csv-export", "run_1", JOB)
    await asyncio.wait_for(begun.wait(), 10)
    await watermarks.acquire("products", "run_1", ttl=timedelta(hours=1))
    run = await platform.post("/runs/run_1/cancel", 200, requested_by="ann@example.com")
    assert (run["status"], run["reason"]) == ("cancelled", "cancelled by ann@example.com")
    status = await platform.engine.status("csv-export", "run_1")
    assert status is not None
    assert status.state == "terminated"
    assert (await watermarks.acquire("products", "x", ttl=timedelta(minutes=1))).held_by == "x"
    async with platform.lab.databases.open() as db:
        export = await exports.get_export(db, EXPORT_ID)
    assert (export.status, export.error) == ("failed", "cancelled by ann@example.com")
    await platform.post("/runs/run_1/cancel", 409)


async def test_the_last_state_of_every_workflow(platform: Engine) -> None:
    await platform.start()
    states = {s["workflow"]: s for s in (await platform.get("/workflows"))["workflows"]}
    assert states.keys() == WORKFLOWS.keys()
    assert states["csv-export"]["last_run"]["run_id"] == "run_1"
    assert states["csv-export"]["engine"]["state"] == "complete"
    assert states["backfill"] == {"workflow": "backfill", "last_run": None, "engine": None}


class TestDeadLetters:
    """What the queue gave up is not lost, and not handled twice."""

    @staticmethod
    async def bury(platform: Engine, message: object, letter_id: str) -> str:
        """Let the consumer give a message up, and store it as the dead-letter queue does."""
        bindings = platform.lab.bindings()
        outcome = await consume_one(message, 1, bindings)
        assert outcome.reason is not None
        (delivery,) = platform.lab.ports.dead_letters.receive()
        platform.lab.ports.dead_letters.ack(delivery)
        await store_dead_letter(delivery.body, message_id=letter_id, at=NOW, bindings=bindings)
        return f"/dead-letters/{NOW:%Y-%m-%d}/{letter_id}"

    async def test_a_letter_is_listed_with_its_reason(self, platform: Engine) -> None:
        path = await self.bury(platform, {"job_type": "NO_SUCH"}, "m1")
        page = await platform.get("/dead-letters")
        (letter,) = page["letters"]
        assert letter["message"] == {"job_type": "NO_SUCH"}
        assert "InvalidInput" in letter["reason"]
        assert page["next_cursor"] is None
        assert (await platform.get("/dead-letters", day="2020-01-01"))["letters"] == []
        assert await platform.get(path) == letter

    async def test_what_is_still_no_job_stays(self, platform: Engine) -> None:
        path = await self.bury(platform, {"job_type": "NO_SUCH"}, "m1")
        await platform.post(f"{path}/replay", 422)
        await platform.get(path)
        assert platform.lab.ports.queue.receive() == []
        assert (await platform.http.delete(path)).status_code == 200
        assert (await platform.http.delete(path)).status_code == 404

    async def test_a_job_is_replayed_once(self, platform: Engine) -> None:
        job = {"job_type": "DOCUMENT_ARTIFACT_GENERATE", **JOB}
        bindings = platform.lab.bindings()
        await store_dead_letter(job, message_id="m2", at=NOW, bindings=bindings)
        path = f"/dead-letters/{NOW:%Y-%m-%d}/m2"
        answer = await platform.post(f"{path}/replay", 202)
        assert answer == {"job_type": "DOCUMENT_ARTIFACT_GENERATE", "run_id": "run_1"}
        await platform.post(f"{path}/replay", 404)
        (delivery,) = platform.lab.ports.queue.receive()
        for _ in range(2):
            assert (await consume_one(delivery.body, 1, bindings)).action == "ack"
        await platform.engine.finished("csv-export", "run_1")
        assert len((await platform.get("/runs"))["runs"]) == 1
        assert (await platform.get("/runs/run_1"))["status"] == "complete"

    async def test_a_large_message_is_read_from_its_object(self, platform: Engine) -> None:
        bindings = platform.lab.bindings()
        await bindings.objects.put("inbox/1", b'{"job_type": "NO_SUCH"}')
        letter: JsonObject = {"reason": "too large", "key": "inbox/1"}
        await store_dead_letter(letter, message_id="m3", at=NOW, bindings=bindings)
        path = f"/dead-letters/{NOW:%Y-%m-%d}/m3"
        assert (await platform.get(path))["message_key"] == "inbox/1"
        await platform.post(f"{path}/replay", 422)
        await bindings.objects.delete("inbox/1")
        await platform.post(f"{path}/replay", 404)


async def test_old_exports_and_imports_are_removed(platform: Engine) -> None:
    lab = platform.lab
    await platform.start()
    csv = "title,tags\r\nA,x;y\r\n"
    job: JsonObject = {"run_id": "imp", "import_id": "mda_" + "1" * 32, "csv": csv}
    assert await platform.start(job, "combo-import") == "complete"
    async with lab.databases.open() as db:
        await exports.request_export(db, lab.ports.queue, kind="orders", filters={}, at=NOW, by="t")
        later = NOW + timedelta(days=100)
        assert (await clean_up(db, lab.ports.objects, at=NOW)).exports == 0
        removed = await clean_up(db, lab.ports.objects, at=later)
        assert (removed.exports, removed.imports) == (1, 0)
        removed = await clean_up(db, lab.ports.objects, at=NOW + timedelta(days=200))
        assert (removed.exports, removed.imports) == (0, 1)
        assert [e.status for e in await exports.list_exports(db, limit=9)] == ["requested"]
        assert await imports.list_imports(db, limit=9) == []
    assert await lab.objects("exports/") == {}
