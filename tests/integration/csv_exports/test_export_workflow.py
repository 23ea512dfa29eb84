"""CSV Export on its journal: every kind, cut off around every step, and what a cell may hold."""

from __future__ import annotations

import codecs
import csv
import io
from datetime import date, timedelta
from decimal import Decimal
from importlib import import_module
from typing import Any

import pytest

from shared.combos.models import ComboReport
from shared.combos.reports import add_report
from shared.csv_exports import exports, files, sources
from shared.csv_exports.models import Export, ExportKind, OrderFilters, parse_filters
from shared.csv_exports.sources import RowPage
from shared.csv_text import unguarded
from shared.errors import InvalidInput, Unavailable
from shared.orders.models import OrderParts
from shared.orders.repository import OrderWrites
from shared.ports import JsonObject
from shared.products.repository import ProductWrites
from tests.fixtures import orders as make
from tests.fixtures.ingest import BrokenQueue
from tests.fixtures.measurement import START, Lab, event, product
from tests.fixtures.workflow_runs import NOW, LabFactory, WorkflowLab

ODD = ["=1+1", "'=1", "''x", "a,b", 'say "hi"', "\U0001f600 Grüße", "x" * 255, "one\r\ntwo", "+1"]

WORKFLOW = import_module("ingest.workflows.csv_export")  # the package has a function of that name


def rows_of(body: bytes) -> list[dict[str, str]]:
    assert body.startswith(codecs.BOM_UTF8)  # else a spreadsheet reads it in a code page
    return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline="")))


async def asked(
    lab: WorkflowLab, kind: ExportKind, filters: JsonObject | None = None
) -> tuple[Export, JsonObject]:
    """Ask for an export; return it and the payload of its Workflow."""
    async with lab.databases.open() as db:
        export = await exports.request_export(
            db, lab.ports.queue, kind=kind, filters=filters or {}, at=NOW, by="ann@example.com"
        )
    delivery = lab.ports.queue.receive()[-1]
    assert isinstance(delivery.body, dict)
    payload = {name: value for name, value in delivery.body.items() if name != "job_type"}
    return export, payload


async def ended(lab: WorkflowLab, export: Export) -> Export:
    async with lab.databases.open() as db:
        return await exports.get_export(db, export.id)


async def with_orders(lab: WorkflowLab, count: int, **changes: Any) -> None:
    async with lab.databases.open() as db:
        for number in range(1, count + 1):
            at = make.AT + timedelta(minutes=number // 3)
            header = make.header(number, created_at=at, **changes)
            summary = make.summary(number, total_price=Decimal("12.5000"))
            lines = (make.line(number, number), make.line(1000 + number, number))
            parts = OrderParts(header, summary, lines=lines)
            await OrderWrites(db, timezone="UTC").write_whole(parts, written_by="t")


async def test_orders_with_totals_in_the_order_of_creation(workflow_lab: WorkflowLab) -> None:
    await with_orders(workflow_lab, 7, note=ODD[0], tags='["a;b", "c"]')
    export, payload = await asked(workflow_lab, "orders")
    assert (export.status, export.created_by) == ("requested", "ann@example.com")
    status = await workflow_lab.run("csv-export", payload)
    assert status.state == "complete", status.error
    export = await ended(workflow_lab, export)
    body = (await workflow_lab.objects())[f"exports/csv/{export.id}.csv"]
    assert (export.status, export.rows, export.size) == ("ready", 7, len(body))
    rows = rows_of(body)
    assert {row["name"] for row in rows} == {f"#{1000 + n}" for n in range(1, 8)}
    keys = [(row["created_at"], row["order_id"]) for row in rows]
    assert keys == sorted(keys)
    assert {(row["lines"], row["units"], row["total_price"]) for row in rows} == {
        ("2", "4", "12.5000")
    }
    assert {row["note"] for row in rows} == {"'=1+1"}
    assert {row["tags"] for row in rows} == {'"a;b";c'}
    assert body.count(codecs.BOM_UTF8) == 1
    assert {row["is_test"] for row in rows} == {"false"}
    assert list(await workflow_lab.objects()) == [f"exports/csv/{export.id}.csv"]
    summary = await workflow_lab.summary(payload["run_id"])
    assert (summary["status"], summary["workflow"], summary["rows"]) == (
        "complete", "csv-export", 7,
    )  # fmt: skip


async def test_order_filters_are_days_of_the_shop(workflow_lab: WorkflowLab) -> None:
    await with_orders(workflow_lab, 1, financial_status="PAID")
    async with workflow_lab.databases.open() as db:
        late = make.header(2, created_at=make.AT.replace(hour=23, minute=30))  # the 3rd in Berlin
        test = make.header(3, is_test=True)
        for header in (late, test):
            number = header.number - 1000
            parts = OrderParts(header, make.summary(number))
            await OrderWrites(db, timezone="UTC").write_whole(parts, written_by="t")

    async def names(**filters: Any) -> list[str]:
        wanted = OrderFilters(**filters)
        source = sources.OrderRows(workflow_lab.databases, wanted, "Europe/Berlin", NOW)
        return [str(row[1]) for row in (await source.page(None)).rows]

    assert await names() == ["#1001", "#1002"]
    assert await names(created_to=date(2026, 11, 2)) == ["#1001"]
    assert await names(created_from=date(2026, 11, 3)) == ["#1002"]
    assert await names(financial_status=["PAID"]) == ["#1001"]
    assert set(await names(include_test=True)) == {"#1001", "#1002", "#1003"}


@pytest.mark.parametrize("kind", ["orders", "products", "combos", "performance"])
async def test_killed_around_every_step_it_writes_the_same_file(
    workflow_labs: LabFactory,
    lab: Lab,
    monkeypatch: pytest.MonkeyPatch,
    kind: ExportKind,
) -> None:
    monkeypatch.setattr(sources, "_PAGE", 2)
    monkeypatch.setattr(sources, "PAGE_SIZE_MAX", 2)
    monkeypatch.setattr(WORKFLOW, "write_part", _short_parts)
    if kind == "performance":
        lab.dimension = [product(f"prd_{number}") for number in range(5)]
        lab.append([event(f"e{n}", f"prd_{n}", START, quantity=n + 1) for n in range(5)])
        await lab.refresh(START.date())
    bodies = []
    for killed in (False, True):
        platform = await workflow_labs()
        platform.others["measurement"] = lab.engine
        await with_orders(platform, 5)
        async with platform.databases.open() as db:
            for number in range(5):
                await ProductWrites(db).upsert_roots([make.product(number)], written_by="t")
                report = ComboReport(title=f"T{number}", tags=["Blue", f"Tag {number}"])
                identity = f"mda_{number:032x}"
                await add_report(db, report, at=NOW, by="t", report_id=identity)
        export, payload = await asked(platform, kind)
        run = platform.run_killed_everywhere if killed else platform.run
        status = await run("csv-export", payload)
        assert status.state == "complete", status.error
        export = await ended(platform, export)
        assert (export.status, export.rows) == ("ready", 5)
        assert export.key is not None
        found = await platform.objects()
        assert list(found) == [export.key]
        assert sum(step.startswith("write") for step in platform.steps) >= 2
        bodies.append(found[export.key])
        completions = [
            e for e in platform.ports.sync.newest().values() if e["event_type"] == "run_completed"
        ]
        assert len(completions) == 1
    assert bodies[0] == bodies[1]


async def _short_parts(*args: Any, **options: Any) -> files.Part:
    return await files.write_part(*args, most=4, **options)


async def test_a_hundred_thousand_rows_stream_through_in_pages(
    workflow_lab: WorkflowLab,
) -> None:
    held = 0

    class Many:
        columns = ("number", "text")

        async def page(self, cursor: JsonObject | None) -> RowPage:
            nonlocal held
            start = 0 if cursor is None else int(cursor["at"])
            rows = [[number, ODD[number % len(ODD)]] for number in range(start, start + 1000)]
            held = max(held, len(rows))
            return RowPage(rows, {"at": start + 1000} if start + 1000 < 100_000 else None)

    objects, number = workflow_lab.ports.objects, 0
    cursor: JsonObject | None = None
    while number == 0 or cursor is not None:
        number += 1
        part = await files.write_part(objects, Many(), export_id="x", number=number, cursor=cursor)
        cursor = part.cursor
    assert (number, held) == (5, 1000)
    size = await files.assemble(objects, export_id="x", parts=number, filename="x.csv")
    body = await objects.get("exports/csv/x.csv")
    assert body is not None
    assert len(body) == size
    rows = rows_of(body)
    assert [row["number"] for row in rows] == [str(number) for number in range(100_000)]
    assert all(unguarded(r["text"]) == ODD[i % len(ODD)] for i, r in enumerate(rows))
    await files.remove_parts(objects, "x")
    assert list(await workflow_lab.objects()) == ["exports/csv/x.csv"]


async def test_a_failure_is_on_the_artifact_and_a_later_run_mends_it(
    workflow_lab: WorkflowLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    export, payload = await asked(workflow_lab, "products")

    async def broken(*_: object, **__: object) -> int:
        raise ValueError("no space left")

    monkeypatch.setattr(WORKFLOW, "assemble", broken)
    assert (await workflow_lab.run("csv-export", payload)).state == "errored"
    failed = await ended(workflow_lab, export)
    assert (failed.status, failed.error) == ("failed", "no space left")
    assert await workflow_lab.objects() == {}
    assert (await workflow_lab.summary(payload["run_id"]))["error"]["step"] == "assemble"
    monkeypatch.undo()
    again = await workflow_lab.run("csv-export", {**payload, "run_id": "again"})
    assert again.state == "complete"
    ready = await ended(workflow_lab, export)
    assert (ready.status, ready.error, ready.rows) == ("ready", None, 0)
    third = await workflow_lab.run("csv-export", {**payload, "run_id": "third"})
    assert third.state == "complete"
    assert await ended(workflow_lab, export) == ready


async def test_wrong_filters_are_told_where_they_stand(workflow_lab: WorkflowLab) -> None:
    with pytest.raises(InvalidInput) as error:
        parse_filters("orders", {"created_from": "soon", "colour": "red"})
    assert {problem.pointer for problem in error.value.problems} == {
        "/filters/created_from", "/filters/colour",
    }  # fmt: skip
    payload = {
        "run_id": "run_1",
        "export_id": "mda_" + "0" * 32,
        "kind": "products",
        "filters": {"colour": "red"},
    }
    assert (await workflow_lab.run("csv-export", payload)).state == "errored"
    async with workflow_lab.databases.open() as db:
        export = await exports.get_export(db, payload["export_id"])
    assert export.status == "failed"
    assert "colour" in str(export.error)


async def test_a_queue_that_is_down_leaves_a_failed_export(workflow_lab: WorkflowLab) -> None:
    async with workflow_lab.databases.open() as db:
        with pytest.raises(Unavailable):
            await exports.request_export(
                db, BrokenQueue(), kind="products", filters={}, at=NOW, by="t"
            )
        (export,) = await exports.list_exports(db, limit=10)
        assert (export.status, export.error) == ("failed", "could not be queued")
        with pytest.raises(exports.ExportNotReady):
            await exports.downloadable(db, workflow_lab.ports.objects, export.id)
        await exports.remove_export(db, workflow_lab.ports.objects, export.id)
        assert await exports.list_exports(db, limit=10) == []
