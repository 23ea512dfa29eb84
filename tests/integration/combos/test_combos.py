"""Combos in a real PostgreSQL: reports, templates, acceptance by two at once, imports."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest

from shared.artifacts.kinds import ArtifactKind
from shared.artifacts.repository import Artifacts
from shared.combos import acceptance, imports, reports, templates
from shared.combos.csv_columns import EXPORT_COLUMNS, combo_cells
from shared.combos.models import ActionSpec, ComboReport, ComboTemplate, combo_key
from shared.combos.repository import Combos
from shared.csv_text import csv_lines
from shared.errors import PreconditionFailed, Unavailable
from shared.ids import new_id
from shared.ports import Database, JsonObject
from tests.fixtures.ingest import BrokenQueue
from tests.fixtures.workflow_runs import NOW, LabFactory, WorkflowLab

LATER = NOW + timedelta(minutes=1)
BLUE = ComboReport(title="Blue sea", tags=["Blue", "Sea"], notes="=1+1", product_ids=["prd_1"])


class TestReports:
    """One report of a combination."""

    async def test_it_is_kept_changed_and_removed(self, db: Database) -> None:
        kept = await reports.add_report(db, BLUE, at=NOW, by="ann")
        assert (kept.content, kept.version, kept.created_by) == (BLUE, 1, "ann")
        assert await reports.report_of(db, ["SEA", "blue"]) == kept
        changed = BLUE.model_copy(update={"tags": ["Blue", "Sky"], "status": "live"})
        after = await reports.change_report(
            db, kept.id, changed, expected_version=1, at=LATER, by="bob"
        )
        assert (after.content, after.version, after.updated_by) == (changed, 2, "bob")
        assert await reports.report_of(db, ["Blue", "Sea"]) is None
        with pytest.raises(PreconditionFailed):
            await reports.change_report(db, kept.id, BLUE, expected_version=1, at=LATER, by="x")
        with pytest.raises(PreconditionFailed):
            await reports.remove_report(db, kept.id, expected_version=1)
        await reports.remove_report(db, kept.id, expected_version=2)
        for gone in (reports.get_report(db, kept.id), reports.remove_report(db, kept.id)):
            with pytest.raises(reports.ReportNotFound):
                await gone

    async def test_a_combination_is_reported_once(self, db: Database) -> None:
        kept = await reports.add_report(db, BLUE, at=NOW, by="ann")
        again = ComboReport(title="Other", tags=["SEA", "blue"])
        with pytest.raises(reports.CombinationTaken) as error:
            await reports.add_report(db, again, at=NOW, by="bob")
        assert error.value.members == {"report_id": kept.id}
        other = await reports.add_report(
            db, ComboReport(title="C", tags=["a", "b"]), at=NOW, by="ann"
        )
        with pytest.raises(reports.CombinationTaken):
            await reports.change_report(db, other.id, again, expected_version=1, at=NOW, by="bob")

    async def test_lists_by_page_and_filter(self, db: Database) -> None:
        tags = ["Blue", 'say "hi"', "a,b", "\U0001f600", "x" * 255]
        for number, tag in enumerate(tags):
            report = ComboReport(title=f"Number {number}", tags=["Common", tag], status="live")
            await reports.add_report(db, report, at=NOW + timedelta(seconds=number // 2), by="t")
        combos = Combos(db)
        seen: list[str] = []
        before = None
        while page := await combos.newest(before=before, limit=2):
            seen += [report.id for report in page]
            before = (page[-1].created_at, page[-1].id)
        assert len(set(seen)) == len(seen) == len(tags)
        for number, tag in enumerate(tags):
            (found,) = await combos.newest(tag=tag.upper(), limit=9)
            assert found.content.title == f"Number {number}"
        assert len(await combos.newest(text="NUMBER 3", limit=9)) == 1
        assert await combos.newest(text="%", limit=9) == []
        assert await combos.newest(statuses=["planned"], limit=9) == []


async def test_templates_are_guarded_by_name_and_version(db: Database) -> None:
    spec = ActionSpec(action="design", title="Draw it", due_in_days=3, parameters={"size": "A3"})
    template = ComboTemplate(name="Launch", actions=[spec])
    kept = await templates.add_template(db, template, at=NOW, by="ann")
    assert await templates.get_template(db, kept.id) == kept
    with pytest.raises(templates.TemplateNameTaken):
        await templates.add_template(db, ComboTemplate(name="LAUNCH"), at=NOW, by="bob")

    async def rename(name: str) -> object:
        changed = template.model_copy(update={"name": name})
        try:
            return await templates.change_template(
                db, kept.id, changed, expected_version=1, at=LATER, by=name
            )
        except PreconditionFailed as error:
            return error

    outcomes = [await rename("first"), await rename("second")]
    assert sum(isinstance(outcome, PreconditionFailed) for outcome in outcomes) == 1
    assert (await templates.get_template(db, kept.id)).content.name == "first"
    assert [t.id for t in await templates.list_templates(db, limit=9)] == [kept.id]
    await templates.remove_template(db, kept.id, expected_version=2)
    with pytest.raises(templates.TemplateNotFound):
        await templates.remove_template(db, kept.id)


async def suggested(lab: WorkflowLab, tags: list[str]) -> str:
    payload = {
        "tags": tags,
        "categories": ["A", "B"],
        "confidence": 0.5,
        "rank": 1,
        "evidence": {},
        "run_id": "r",
    }
    entry: JsonObject = {"id": new_id("mda"), "name": combo_key(tags), "payload": payload}
    async with lab.databases.open() as db:
        await Combos(db).insert_suggestions([entry], at=NOW, by="t")
    return str(entry["id"])


class TestAcceptance:
    """One report of a suggestion, whoever accepts it and when."""

    async def test_ten_at_once_make_one_report(self, workflow_lab: WorkflowLab) -> None:
        suggestion_id = await suggested(workflow_lab, ["Blue", "Sea"])

        async def accept(number: int) -> acceptance.Accepted:
            async with workflow_lab.databases.open() as db:
                return await acceptance.accept_suggestion(
                    db, suggestion_id, at=NOW, by=f"staff {number}"
                )

        outcomes = await asyncio.gather(*map(accept, range(10)))
        assert [outcome.is_new for outcome in outcomes].count(True) == 1
        assert len({outcome.report.id for outcome in outcomes}) == 1
        report, suggestion = outcomes[0].report, outcomes[0].suggestion
        assert (report.suggestion_id, suggestion.report_id) == (suggestion_id, report.id)
        assert (report.content.title, report.content.tags) == ("Blue + Sea", ["Blue", "Sea"])
        async with workflow_lab.databases.open() as db:
            assert len(await Combos(db).newest(limit=9)) == 1
            assert await Combos(db).suggestions(limit=9) == []
            (accepted,) = await Combos(db).suggestions(status="accepted", limit=9)
        assert accepted == suggestion

    async def test_a_report_that_was_there_first_is_linked(self, workflow_lab: WorkflowLab) -> None:
        suggestion_id = await suggested(workflow_lab, ["Blue", "Sea"])
        async with workflow_lab.databases.open() as db:
            report = await reports.add_report(db, BLUE, at=NOW, by="ann")
            accepted = await acceptance.accept_suggestion(db, suggestion_id, at=LATER, by="bob")
            assert accepted.report.id == report.id
            assert accepted.report.suggestion_id == suggestion_id
            assert accepted.report.content == BLUE
            changed = await reports.change_report(
                db, report.id, BLUE, expected_version=2, at=LATER, by="x"
            )
            assert changed.suggestion_id == suggestion_id
            await reports.remove_report(db, report.id)
            with pytest.raises(acceptance.SuggestionClosed):
                await acceptance.accept_suggestion(db, suggestion_id, at=LATER, by="bob")

    async def test_a_dismissed_one_stays_dismissed(self, workflow_lab: WorkflowLab) -> None:
        suggestion_id = await suggested(workflow_lab, ["Blue", "Sea"])
        async with workflow_lab.databases.open() as db:
            await acceptance.dismiss_suggestion(db, suggestion_id, at=NOW, by="ann")
            with pytest.raises(acceptance.SuggestionClosed):
                await acceptance.accept_suggestion(db, suggestion_id, at=NOW, by="bob")
            assert await Combos(db).newest(limit=9) == []
            with pytest.raises(acceptance.SuggestionNotFound):
                await acceptance.get_suggestion(db, "mda_none")


CSV = csv_lines(
    [
        EXPORT_COLUMNS,
        combo_cells(BLUE),
        *(combo_cells(ComboReport(title=f"T{n}", tags=["=a", f"b{n}"])) for n in range(30)),
    ]
).encode()


async def requested(lab: WorkflowLab, body: bytes, mode: imports.ImportMode) -> JsonObject:
    """Ask for an import; return the payload of its Workflow."""
    async with lab.databases.open() as db:
        await imports.request_import(
            db, lab.ports.objects, lab.ports.queue, body, mode=mode, at=NOW, by="ann",
            filename="combos.csv",
        )  # fmt: skip
    delivery = lab.ports.queue.receive()[-1]
    assert isinstance(delivery.body, dict)
    return {name: value for name, value in delivery.body.items() if name != "job_type"}


async def imported(lab: WorkflowLab, payload: JsonObject) -> imports.Import:
    status = await lab.run("combo-import", payload)
    assert status.state == "complete", status.error
    async with lab.databases.open() as db:
        return await imports.get_import(db, payload["import_id"])


async def reports_in(lab: WorkflowLab) -> dict[str, tuple[ComboReport, int]]:
    async with lab.databases.open() as db:
        found = await Combos(db).following("", limit=100)
    return {report.content.key: (report.content, report.version) for report in found}


class TestImports:
    """A file arrives once, whole or by its good rows."""

    async def test_importing_twice_changes_nothing(self, workflow_lab: WorkflowLab) -> None:
        first = await imported(workflow_lab, await requested(workflow_lab, CSV, "all_or_nothing"))
        assert (first.status, first.filename) == ("done", "combos.csv")
        assert first.result == {
            "rows": 31, "created": 31, "updated": 0, "unchanged": 0,
            "problem_count": 0, "problems": [],
        }  # fmt: skip
        before = await reports_in(workflow_lab)
        assert before[BLUE.key] == (BLUE, 1)
        again = await imported(workflow_lab, await requested(workflow_lab, CSV, "report"))
        assert again.result is not None
        assert (again.result["unchanged"], again.result["updated"]) == (31, 0)
        assert await reports_in(workflow_lab) == before

    async def test_columns_that_are_missing_stay_and_links_too(
        self, workflow_lab: WorkflowLab
    ) -> None:
        suggestion_id = await suggested(workflow_lab, ["Blue", "Sea"])
        async with workflow_lab.databases.open() as db:
            await reports.add_report(db, BLUE, at=NOW, by="ann")
            await acceptance.accept_suggestion(db, suggestion_id, at=NOW, by="ann")
        body = b"tags,title\r\nsea; BLUE,New title\r\n"
        done = await imported(workflow_lab, await requested(workflow_lab, body, "report"))
        assert done.result is not None
        assert done.result["updated"] == 1
        async with workflow_lab.databases.open() as db:
            report = await reports.report_of(db, ["Blue", "Sea"])
        assert report is not None
        assert report.content == BLUE.model_copy(update={"title": "New title"})
        assert report.suggestion_id == suggestion_id

    @pytest.mark.parametrize(("mode", "count"), [("all_or_nothing", 0), ("report", 31)])
    async def test_a_wrong_row(
        self, workflow_lab: WorkflowLab, mode: imports.ImportMode, count: int
    ) -> None:
        body = CSV + csv_lines([["", ["x"], "soon", "", "", "", ""]]).encode()
        done = await imported(workflow_lab, await requested(workflow_lab, body, mode))
        assert done.status == ("done" if count else "rejected")
        assert done.result is not None
        found = [(p["line"], p["column"]) for p in done.result["problems"]]
        assert found == [(33, "title"), (33, "tags"), (33, "status")]
        assert (done.result["created"], done.result["problem_count"]) == (count, 3)
        assert len(await reports_in(workflow_lab)) == count

    async def test_a_large_file_goes_by_its_key(self, workflow_lab: WorkflowLab) -> None:
        rows = [ComboReport(title="x" * 250, tags=["a", f"b{n}"]) for n in range(2_000)]
        body = csv_lines([EXPORT_COLUMNS, *map(combo_cells, rows)]).encode()
        payload = await requested(workflow_lab, body, "all_or_nothing")
        assert payload["csv"] is None
        assert len(json.dumps(payload)) < 1_000
        done = await imported(workflow_lab, payload)
        assert done.result is not None
        assert done.result["created"] == 2_000

    async def test_killed_around_every_step(self, workflow_labs: LabFactory) -> None:
        states = []
        for killed in (False, True):
            lab = await workflow_labs()
            payload = await requested(lab, CSV, "all_or_nothing")
            run = lab.run_killed_everywhere if killed else lab.run
            assert (await run("combo-import", payload)).state == "complete"
            async with lab.databases.open() as db:
                done = await imports.get_import(db, payload["import_id"])
            assert done.result is not None
            assert done.result["created"] == 31
            summary = await lab.summary(payload["run_id"])
            assert (summary["status"], summary["created"]) == ("complete", 31)
            states.append(await reports_in(lab))
        assert states[0] == states[1]

    async def test_what_cannot_be_done_is_said(self, workflow_lab: WorkflowLab) -> None:
        key = "inbox/" + "0" * 64
        payload: JsonObject = {"run_id": "r", "import_id": "mda_" + "0" * 32, "key": key}
        assert (await workflow_lab.run("combo-import", payload)).state == "errored"
        async with workflow_lab.databases.open() as db:
            failed = await imports.get_import(db, payload["import_id"])
            assert (failed.status, failed.error) == ("failed", f"{key} is past its retention")
            with pytest.raises(Unavailable):
                await imports.request_import(
                    db, workflow_lab.ports.objects, BrokenQueue(), CSV, mode="report", at=LATER,
                    by="t",
                )  # fmt: skip
            newest = (await imports.list_imports(db, limit=1))[0]
            assert (newest.status, newest.error) == ("failed", "could not be queued")
            assert len(await Artifacts(db).newest(ArtifactKind.COMBO_IMPORT, limit=9)) == 2
