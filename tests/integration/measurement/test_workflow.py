"""Measurement Refresh on its journal: real PostgreSQL, real lake, cut off after every step."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from ingest.bindings import IngestBindings
from ingest.workflows import WORKFLOWS

from shared.adapters.embedded.database import AsyncpgDatabases
from shared.adapters.embedded.steps import Interrupt
from shared.adapters.embedded.workflows import JournalWorkflows
from shared.artifacts.kinds import ArtifactKind
from shared.artifacts.repository import Artifacts
from shared.clock import FixedClock
from shared.config import Settings
from shared.health.checks import REFRESHED_AT
from shared.ids import derived_id
from shared.ports import Json, JsonObject, Step, WorkflowStatus
from shared.products.models import Product, ProductParts
from shared.products.repository import ProductWrites
from tests.fixtures.ingest import IngestPorts
from tests.fixtures.measurement import Lab, event

NOW = datetime(2026, 3, 20, 2, tzinfo=UTC)  # still the 19th in New York
DAY = date(2026, 3, 19)
NAME = "measurement-refresh"
STEPS = ("replicate", "query", "compute", "classify", "write", "finish")


class Crash(BaseException):
    """Cuts a run off as a killed process would."""


def _nothing(*_: str) -> None:
    """Let every step pass."""


@dataclass
class Refreshes:
    """Runs the Workflow over a lab, a database and a journal."""

    lab: Lab
    ports: IngestPorts
    databases: AsyncpgDatabases
    products: list[str] = field(default_factory=list)

    def bindings(self) -> IngestBindings:
        return self.ports.bindings(databases=self.databases, measurement=self.lab.engine)

    async def run(
        self, run_id: str, *, interrupt: Interrupt = _nothing, **payload: Any
    ) -> WorkflowStatus:
        async def definition(step: Step, given: JsonObject) -> Json:
            return await WORKFLOWS[NAME](step, given, self.bindings())

        engine = JournalWorkflows(
            self.ports.journal, clock=self.ports.clock, sleep=_no_wait, interrupt=interrupt
        )
        engine.register(NAME, definition)
        if not engine.resume():
            await engine.start(NAME, run_id, {"run_id": run_id, **payload})
        status = await engine.finished(NAME, run_id)
        await engine.close()
        return status


async def _no_wait(seconds: float) -> None:
    del seconds


@pytest.fixture
async def refreshes(lab: Lab, databases: AsyncpgDatabases) -> AsyncIterator[Refreshes]:
    settings = Settings(SHOP_DOMAIN="demo.myshopify.com", SHOP_TIMEZONE="America/New_York")
    ports = IngestPorts(lab.directory / "ports", clock=FixedClock(NOW), settings=settings)
    lab.timezone = settings.SHOP_TIMEZONE
    lab.objects.close()
    lab.objects = ports.objects
    lab.engine = lab.new_engine()
    yield Refreshes(lab, ports, databases)
    ports.close()


async def add_product(
    databases: AsyncpgDatabases, number: int, *tags: str, status: str = "ACTIVE"
) -> str:
    gid = f"gid://shopify/Product/{number}"
    record = Product(
        id=derived_id("prd", gid),
        shopify_gid=gid,
        title=f"Product {number}",
        handle=f"product-{number}",
        status=status,
        vendor=None,
        product_type=None,
        is_gift_card=False,
        description_html=None,
        category_gid=None,
        category_name=None,
        image_url=None,
        online_store_url=None,
        total_inventory=None,
        price_min=None,
        price_max=None,
        created_at=NOW,
        shopify_updated_at=NOW,
        published_at=NOW if status == "ACTIVE" else None,
    )
    async with databases.open() as db:
        await ProductWrites(db).upsert_roots([ProductParts(record, tags)], written_by="test")
    return record.id


@pytest.fixture
async def stocked(refreshes: Refreshes) -> Refreshes:
    databases = refreshes.databases
    refreshes.products = [
        await add_product(databases, 1, "Summer", "Rain"),
        await add_product(databases, 2, status="DRAFT"),
        await add_product(databases, 3, "Rain"),
    ]
    a, _, c = refreshes.products
    async with databases.open() as db:
        await ProductWrites(db).mark_deleted("gid://shopify/Product/3", NOW, written_by="test")
        await db.execute(
            "INSERT INTO product_category VALUES"
            " ('pct_1', 'Weather', NULL, 0, 1, now(), 't', now(), 't')"
        )
        await db.execute("UPDATE product_tag SET category_id = 'pct_1' WHERE name = 'Rain'")
        artifacts = Artifacts(db)
        assigned = {"designer": "Ann", "tag_id": derived_id("tag", "rain")}
        await artifacts.add(ArtifactKind.AGENT_ASSIGNMENT, assigned, at=NOW, by="t")
        by_hand = {"sales_last_7_days": 99}
        await artifacts.add(ArtifactKind.MEASUREMENT_OVERRIDE, by_hand, at=NOW, by="t", name=c)
    refreshes.lab.append([event("e1", a, NOW, quantity=4), event("e2", c, NOW)])
    return refreshes


async def test_products_reach_the_table_with_what_postgresql_knows(stocked: Refreshes) -> None:
    status = await stocked.run("run_1", requested_by="ann@example.com")
    assert status.state == "complete"
    rows = stocked.lab.performance(DAY)
    assert sorted(rows) == sorted(stocked.products)
    a, b, c = (rows[product_id] for product_id in stocked.products)
    assert (a["tags"], a["categories"], a["designer"]) == (["Rain", "Summer"], ["Weather"], "Ann")
    assert (a["is_active"], a["published_day"], a["sales_last_7_days"]) == (True, DAY, 4)
    assert (b["is_active"], b["published_day"], b["tags"], b["designer"]) == (False, None, [], None)
    assert (c["is_active"], c["is_manual"], c["sales_last_7_days"]) == (False, True, 99)
    summary = await stocked.ports.watermarks.run("run_1")
    assert summary is not None
    assert summary["status"] == "complete"
    assert summary["requested_by"] == "ann@example.com"
    assert (summary["mode"], summary["products"], summary["as_of"]) == ("full", 3, "2026-03-19")
    assert summary["started_at"] == summary["finished_at"] == "2026-03-20T02:00:00Z"
    assert (await stocked.ports.objects.list(prefix="measurement/")).objects == ()
    assert await stocked.ports.watermarks.read(REFRESHED_AT) == NOW


async def test_every_step_leaves_its_event(stocked: Refreshes) -> None:
    await stocked.run("run_1")
    events = stocked.ports.sync.events
    done = [e["step"] for e in events if e["event_type"] == "step_completed"]
    assert done == list(STEPS)
    assert events[-1]["event_type"] == "run_completed"
    assert {e["records_read"] for e in events if e["step"] == "replicate"} == {3}


async def test_a_run_with_nothing_to_do_stops_after_the_query(stocked: Refreshes) -> None:
    await stocked.run("run_1")
    stocked.ports.sync.events.clear()
    stocked.ports.clock.advance(timedelta(hours=1))
    await stocked.run("run_2")
    steps = [e["step"] for e in stocked.ports.sync.events]
    assert steps == ["replicate", "query", "finish", "report-completion"]
    summary = await stocked.ports.watermarks.run("run_2")
    assert summary is not None
    assert (summary["status"], summary["reason"]) == ("complete", "nothing changed")
    assert await stocked.ports.watermarks.read(REFRESHED_AT) == NOW + timedelta(hours=1)


@pytest.mark.parametrize("point", ["after", "before"])
async def test_a_run_that_is_cut_off_at_every_step_ends_the_same(
    stocked: Refreshes, point: str
) -> None:
    """`after` its journalling no step runs again; cut off `before`, each runs twice."""
    await stocked.run("run_0")
    stocked.lab.append([event("e3", stocked.products[1], NOW - timedelta(days=50), quantity=2)])
    stocked.ports.sync.events.clear()
    died: list[str] = []

    def interrupt(at: str, _workflow: str, step: str) -> None:
        if at == point and step not in died:
            died.append(step)
            raise Crash

    for _ in range(len(STEPS) + 2):
        status = await stocked.run("run_1", interrupt=interrupt)
        stocked.lab.engine = stocked.lab.new_engine()
    assert status.state == "complete"
    assert died == [*STEPS, "report-completion"]
    assert stocked.lab.performance(DAY)[stocked.products[1]]["total_units"] == 2
    for name, snapshots in (("sales", 2), ("performance", 2), ("product_state", 1)):
        table = stocked.lab.catalog.load_table(("measurement", name))
        assert len(table.history()) == snapshots
    assert len(stocked.ports.sync.newest()) == len(STEPS) + 1
    lease = await stocked.ports.watermarks.acquire("measurement", "x", ttl=timedelta(minutes=1))
    assert lease.held_by == "x"


async def test_one_writer_at_a_time(stocked: Refreshes) -> None:
    await stocked.ports.watermarks.acquire("measurement", "other", ttl=timedelta(hours=1))
    status = await stocked.run("run_1")
    assert status.output == {
        "status": "skipped",
        "reason": "run other writes the measurement tables",
        "held_by": "other",
    }
    summary = await stocked.ports.watermarks.run("run_1")
    assert summary is not None
    assert summary["status"] == "skipped"
    assert not stocked.lab.catalog.table_exists("measurement.performance")
    assert await stocked.ports.watermarks.read(REFRESHED_AT) is None


async def test_a_failure_says_why_and_gives_the_tables_free(
    stocked: Refreshes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> Callable[[], None]:
        raise ValueError("out of luck")

    monkeypatch.setattr("shared.adapters.lake.measurement.compute", broken)
    status = await stocked.run("run_1")
    assert status.state == "errored"
    summary = await stocked.ports.watermarks.run("run_1")
    assert summary is not None
    assert (summary["status"], summary["reason"]) == ("failed", "out of luck")
    assert summary["error"]["step"] == "compute"
    assert await stocked.ports.watermarks.read(REFRESHED_AT) is None
    monkeypatch.undo()
    again = await stocked.run("run_2")
    assert again.state == "complete"
