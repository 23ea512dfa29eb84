"""Runs that stop half-way: what they worked on says so, and they can be tried again."""

from __future__ import annotations

import pytest

from shared.adapters.embedded.database import AsyncpgDatabases
from shared.artifacts.kinds import ArtifactKind
from shared.artifacts.models import Artifact
from shared.artifacts.repository import Artifacts
from shared.assets.ingestions import assets_of, begin_ingestion, link_asset
from shared.clock import format_instant
from shared.ids import derived_id
from shared.jobs import AssetIngest
from shared.ports import Json, JsonObject, Step
from shared.products.repository import ProductWrites
from shared.webhooks.compliance import close_record, record_id
from tests.fixtures import orders as made
from tests.fixtures.staff_api import NOW, StaffApi

RUNS = "/api/ingest/runs"
PRODUCT = derived_id("prd", "1")
INGEST_ID = "mda_" + "1" * 32
FOX = {"sha256": "a" * 64, "key": "assets/aa/fox.png", "filename": "fox.png", "size": 9}
REASON = "cancelled by staff@example.com"


async def running(api: StaffApi, run_id: str, workflow: str, **fields: str) -> None:
    run = {"run_id": run_id, "workflow": workflow, "status": "running", **fields}
    await api.ingest.watermarks.record_run({**run, "started_at": format_instant(NOW)})


async def kept(databases: AsyncpgDatabases, kind: ArtifactKind, artifact_id: str) -> Artifact:
    async with databases.open() as db:
        artifact = await Artifacts(db).get(kind, artifact_id)
    assert artifact is not None
    return artifact


async def test_an_asset_whose_run_is_cancelled_is_not_linked(
    staff_api: StaffApi, databases: AsyncpgDatabases
) -> None:
    job = AssetIngest(
        run_id="run_1", ingest_id=INGEST_ID, product_id=PRODUCT, dropbox_url="https://dropbox"
    )
    async with databases.open() as db:
        await ProductWrites(db).upsert_roots([made.product(1, id=PRODUCT)], written_by="run_1")
        await begin_ingestion(db, job, NOW)
        asset = FOX | {"content_type": "image/png"}
        await link_asset(db, job, asset, url="https://assets/fox.png", at=NOW)
    await running(staff_api, "run_1", "asset-ingest", artifact_id=INGEST_ID)
    cancelled = await staff_api.http.post(f"{RUNS}/run_1/cancel")
    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
    request = await kept(databases, ArtifactKind.ASSET_INGEST, INGEST_ID)
    assert (request.status, request.payload["error"]) == ("failed", REASON)
    async with databases.open() as db:
        assert await assets_of(db, PRODUCT) == []


@pytest.mark.parametrize(("status", "after"), [("running", "failed"), ("complete", "complete")])
async def test_a_compliance_record_says_that_its_run_was_cancelled(
    staff_api: StaffApi, databases: AsyncpgDatabases, status: str, after: str
) -> None:
    kind, record = ArtifactKind.COMPLIANCE_RECORD, record_id("run_1")
    async with databases.open() as db:
        await Artifacts(db).add(
            kind, {"topic": "customers/redact"}, at=NOW, by="shopify", artifact_id=record
        )
        await close_record(db, record, status, {}, at=NOW, by="shopify")
    await running(staff_api, "run_1", "shopify-compliance")
    assert (await staff_api.http.post(f"{RUNS}/run_1/cancel")).status_code == 200
    found = await kept(databases, kind, record)
    assert found.status == after
    assert found.payload.get("reason") == (REASON if after == "failed" else None)


async def test_a_run_that_failed_before_it_began_is_tried_again_with_the_others(
    staff_api: StaffApi,
) -> None:
    at = format_instant(NOW)
    for run_id, times in {"begun": {"started_at": at}, "not": {"finished_at": at}, "?": {}}.items():
        run = {"run_id": f"run_{run_id}", "workflow": "backfill", "status": "failed"}
        await staff_api.ingest.watermarks.record_run({**run, **times})
    answer = await staff_api.http.post("/api/ingest/retry-failed", json={"since": at})
    assert answer.status_code == 202, answer.text
    assert {run["run_id"] for run in answer.json()["runs"]} == {"run_begun", "run_not"}


async def test_a_run_is_tried_again_if_only_its_summary_goes_on(staff_api: StaffApi) -> None:
    engine = staff_api.ingest.workflows
    broken = True

    async def workflow(step: Step, payload: JsonObject) -> Json:
        del step, payload
        if broken:
            raise ValueError("nobody could be told")
        return None

    engine.register("backfill", workflow)  # type: ignore[attr-defined]
    await engine.start("backfill", "run_1", {})
    assert (await engine.finished("backfill", "run_1")).state == "errored"  # type: ignore[attr-defined]
    await running(staff_api, "run_1", "backfill")
    await running(staff_api, "run_2", "backfill")
    broken = False
    again = await staff_api.http.post(f"{RUNS}/run_1/retry")
    assert (again.status_code, again.json()["status"]) == (202, "queued")
    assert (await engine.finished("backfill", "run_1")).state == "complete"  # type: ignore[attr-defined]
    unknown = await staff_api.http.post(f"{RUNS}/run_2/retry")
    assert (unknown.status_code, unknown.json()["type"]) == (409, "urn:problem:run-not-over")
