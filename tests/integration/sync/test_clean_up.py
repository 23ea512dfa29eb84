"""What is past its use goes by itself every day, in bounded parts, and everything else stays."""

from __future__ import annotations

from datetime import datetime, timedelta
from importlib import import_module

import pytest

from shared.artifacts.kinds import ArtifactKind
from shared.artifacts.repository import Artifacts
from shared.csv_exports.models import export_key, part_key
from shared.errors import Unavailable
from shared.ports import JsonObject
from shared.sync import clean_up
from shared.sync.clean_up import EXPORTS_KEPT, IMPORTS_KEPT
from tests.fixtures.workflow_runs import NOW, WorkflowLab

AUDIT = import_module("ingest.workflows.webhook_audit")
LATER = NOW + timedelta(minutes=1)
EXPORT, IMPORT = ArtifactKind.DOCUMENT_EXPORT, ArtifactKind.COMBO_IMPORT


def payload(run_id: str) -> JsonObject:
    return {"run_id": run_id, "requested_by": "cron"}


async def export(lab: WorkflowLab, number: int, at: datetime, status: str = "ready") -> str:
    """Keep an export with its file, and a part that was left behind."""
    identity = f"mda_{number:032x}"
    async with lab.databases.open() as db:
        await Artifacts(db).add(EXPORT, {}, at=at, by="t", status=status, artifact_id=identity)
    await lab.ports.objects.put(export_key(identity), b"a,b\r\n")
    await lab.ports.objects.put(part_key(identity, 1), b"a,b\r\n")
    return identity


async def stocked(lab: WorkflowLab) -> list[str]:
    """Keep of each kind something old and something that stays; return what stays."""
    old, young = NOW - EXPORTS_KEPT - timedelta(days=1), NOW - EXPORTS_KEPT + timedelta(days=1)
    await export(lab, 1, old)
    await export(lab, 2, old, "failed")
    stay = [await export(lab, 3, old, "running"), await export(lab, 4, young)]
    changed = await export(lab, 5, old)
    async with lab.databases.open() as db:
        artifacts = Artifacts(db)
        await artifacts.update(EXPORT, changed, expected_version=1, at=young, by="t", payload={})
        for number, status, age in (
            (6, "done", IMPORTS_KEPT + timedelta(days=1)),
            (7, "requested", IMPORTS_KEPT + timedelta(days=1)),
            (8, "rejected", IMPORTS_KEPT - timedelta(days=1)),
        ):
            identity = f"mda_{number:032x}"
            await artifacts.add(
                IMPORT, {}, at=NOW - age, by="t", status=status, artifact_id=identity
            )
            stay += [identity] if number > 6 else []
        for name, expires_at in (("old", NOW), ("young", LATER)):
            await db.execute(
                "INSERT INTO idempotent_request (id, principal, method, path, key, request_sha256,"
                " created_at, held_until, expires_at)"
                " VALUES ($1, 't', 'POST', '/', $1, 's', $2, $2, $3)",
                name,
                NOW - timedelta(days=1),
                expires_at,
            )
    return sorted([*stay, changed])


async def kept(lab: WorkflowLab) -> list[str]:
    async with lab.databases.open() as db:
        rows = await db.fetch_all("SELECT id FROM macrodata_artifact ORDER BY id")
    return [row["id"] for row in rows]


async def requests(lab: WorkflowLab) -> list[str]:
    async with lab.databases.open() as db:
        return [row["id"] for row in await db.fetch_all("SELECT id FROM idempotent_request")]


async def test_the_daily_audit_removes_what_is_past_its_use(workflow_lab: WorkflowLab) -> None:
    stay = await stocked(workflow_lab)
    status = await workflow_lab.run("webhook-audit", payload("run_1"))
    assert status.state == "complete", status.error
    assert await kept(workflow_lab) == stay
    assert await requests(workflow_lab) == ["young"]
    files = {key.split("/")[-1].split(".")[0] for key in await workflow_lab.objects("exports/csv/")}
    assert files == {identity for identity in stay if int(identity[4:], 16) < 6}
    counts = {"exports": 2, "imports": 1, "requests": 1, "is_more_left": False}
    assert (await workflow_lab.summary("run_1"))["cleaned_up"] == counts
    (event,) = [e for e in workflow_lab.ports.sync.events if e["step"] == "clean-up-00001"]
    assert event["records_written"] == 4
    again = await workflow_lab.run("webhook-audit", payload("run_2"))
    assert isinstance(again.output, dict)
    assert again.output["cleaned_up"]["exports"] == 0
    assert await kept(workflow_lab) == stay


async def test_killed_around_every_step_it_removes_the_same(workflow_lab: WorkflowLab) -> None:
    stay = await stocked(workflow_lab)
    status = await workflow_lab.run_killed_everywhere("webhook-audit", payload("run_1"))
    assert status.state == "complete", status.error
    assert await kept(workflow_lab) == stay
    assert await requests(workflow_lab) == ["young"]


async def test_a_run_has_its_share_and_the_next_goes_on(
    workflow_lab: WorkflowLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clean_up, "ARTIFACTS_AT_ONCE", 2)
    monkeypatch.setattr(AUDIT, "PARTS_MAX", 2)
    for number in range(7):
        await export(workflow_lab, number, NOW - EXPORTS_KEPT - timedelta(days=9 - number))
    found = []
    for run_id in ("run_1", "run_2"):
        await workflow_lab.run("webhook-audit", payload(run_id))
        counts = (await workflow_lab.summary(run_id))["cleaned_up"]
        found.append((counts["exports"], counts["is_more_left"]))
    assert found == [(4, True), (3, False)]
    assert workflow_lab.steps.count("clean-up-00002") == 2
    assert await workflow_lab.objects("exports/") == {}


async def test_by_hand_all_of_it_goes_at_once(
    workflow_lab: WorkflowLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clean_up, "ARTIFACTS_AT_ONCE", 2)
    for number in range(7):
        await export(workflow_lab, number, NOW - EXPORTS_KEPT - timedelta(days=1))
    async with workflow_lab.databases.open() as db:
        removed = await clean_up.clean_up(db, workflow_lab.ports.objects, at=NOW)
    assert removed == clean_up.CleanedUp(exports=7)
    assert await kept(workflow_lab) == []


async def test_it_goes_also_while_shopify_does_not_answer(
    workflow_lab: WorkflowLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: object) -> None:
        raise Unavailable("Shopify")

    monkeypatch.setattr(AUDIT, "shopify_of", away)
    settings = workflow_lab.ports.settings.model_copy(update={"INGEST_URL": "https://i.example"})
    workflow_lab.others["settings"] = settings
    stay = await stocked(workflow_lab)
    status = await workflow_lab.run("webhook-audit", payload("run_1"))
    assert status.state == "errored"
    summary = await workflow_lab.summary("run_1")
    assert (summary["status"], summary["reason"]) == ("failed", "Shopify")
    assert await kept(workflow_lab) == stay
