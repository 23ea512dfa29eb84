"""What every `Measurement` adapter promises: the engine in process, and the process over HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx
import pyarrow as pa
import pytest
from local.iceberg_faults import RATE_LIMITED
from measurement.app import MeasurementBindings, create_app
from measurement.jobs import Jobs

from shared import limits
from shared.adapters.embedded.object_store import DirectoryObjectStore
from shared.adapters.lake.measurement import STAGES, LakeMeasurement
from shared.adapters.lake.tables import telemetry_table
from shared.adapters.measurement import LONGEST, HttpMeasurement
from shared.errors import DomainError, InvalidInput, NotFound, Unavailable
from shared.ports import JsonObject, Measurement
from tests.fixtures.lake import Lake
from tests.fixtures.measurement import Lab, event, product

ROOT = Path(__file__).parents[2]
DAY = date(2026, 3, 20)
NOON = datetime(2026, 3, 20, 12, tzinfo=UTC)
TOKEN = "measurement-token"


def process_over(lab: Lab, engine: Measurement, *, patience: float = 20) -> MeasurementBindings:
    """Return the bindings of a process that has an object store of its own, empty at first."""
    return MeasurementBindings(
        engine,
        lab.objects,
        lab.directory / "inbox",
        TOKEN,
        Jobs(timedelta(seconds=patience)),
    )


def asked_over(
    bindings: MeasurementBindings, lab: Lab, token: str = TOKEN, longest: timedelta = LONGEST
) -> HttpMeasurement:
    app = create_app(bindings)

    def client() -> httpx.AsyncClient:
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://measurement", timeout=60
        )

    return HttpMeasurement(
        client, token=token, objects=lab.objects, poll=timedelta(0), longest=longest
    )


@pytest.fixture(params=["embedded", "over HTTP", "over HTTP, impatient"])
async def port(request: pytest.FixtureRequest, lab: Lab) -> AsyncIterator[Measurement]:
    """The engine as ingest holds it: in process, answered at once, or asked again and again."""
    if request.param == "embedded":
        yield lab.engine
        return
    async with AsyncExitStack() as stack:
        own = DirectoryObjectStore(lab.directory / "process-objects")
        stack.callback(own.close)
        engine = LakeMeasurement(lab.catalog, own, lab.directory / "process-staging")
        bindings = process_over(lab, engine, patience=0 if "impatient" in request.param else 20)
        yield asked_over(
            MeasurementBindings(engine, own, bindings.inbox, TOKEN, bindings.jobs), lab
        )


def engage(lab: Lab, *events: JsonObject) -> None:
    """Land publication events; each is a visitor `a` on an item of `pub_a` unless it says else."""
    table = lab.catalog.load_table(telemetry_table("publication"))
    known = {
        "publisher_id": "pub_a",
        "publication_id": "pbl_a",
        "item_id": "itm_a",
        "visitor_hash": "a",
        "is_bot": False,
        "is_prefetch": False,
        "source_version_at": NOON,
        "__ingest_ts": NOON,
    }
    rows = [known | one for one in events]
    table.append(pa.Table.from_pylist(rows, schema=table.schema().as_arrow()))


async def refreshed(port: Measurement, lab: Lab) -> JsonObject:
    lab.dimension = [product("prd_a"), product("prd_b")]
    lab.append([event(f"e{n}", "prd_a", NOON, quantity=n) for n in (1, 2, 3)])
    request = await lab.request(DAY)
    for stage in STAGES:
        report = await port.refresh(stage, request)
        assert (report["run_id"], report["stage"]) == (request["run_id"], stage)
    return request


class TestEveryAdapter:
    """The same documents in and out, wherever the engine runs."""

    async def test_a_refresh_measures(self, port: Measurement, lab: Lab) -> None:
        await refreshed(port, lab)
        lab.check(DAY)
        page = await port.query("performance", {"limit": 10})
        assert [item["product_id"] for item in page["items"]] == ["prd_a", "prd_b"]
        assert page["items"][0]["sales_last_7_days"] == 6
        assert page["as_of"] == DAY.isoformat()
        assert (await port.query("summary", {}))["units_last_7_days"] == 6

    async def test_running_a_stage_again_changes_nothing(self, port: Measurement, lab: Lab) -> None:
        request = await refreshed(port, lab)
        before = await port.query("summary", {})
        assert (await port.refresh("write", request))["run_id"] == request["run_id"]
        assert await port.query("summary", {}) == before

    async def test_engagement_is_counted_once_and_by_persons(
        self, port: Measurement, lab: Lab
    ) -> None:
        late = datetime(2026, 3, 20, 22, 30, tzinfo=UTC)  # the 21st in Athens
        engage(
            lab,
            {"event_id": "c1", "event_type": "click", "occurred_at": NOON},
            {"event_id": "c1", "event_type": "click", "occurred_at": NOON},
            {"event_id": "c2", "event_type": "click", "occurred_at": late, "visitor_hash": "b"},
            {"event_id": "v1", "event_type": "view", "occurred_at": NOON, "item_id": "itm_b"},
            {"event_id": "b1", "event_type": "click", "occurred_at": NOON, "is_bot": True},
            {"event_id": "x1", "event_type": "click", "occurred_at": NOON, "publisher_id": "o"},
            {
                "event_id": "o1",
                "event_type": "conversion",
                "occurred_at": NOON,
                "order_id": "ord_1",
            },
            {"event_id": "r1", "event_type": "conversion", "occurred_at": NOON},
            {"event_id": "r1", "event_type": "conversion", "occurred_at": NOON},
        )
        asked = {
            "publisher_id": "pub_a",
            "since": "2026-03-20",
            "until": "2026-03-21",
            "timezone": "Europe/Athens",
        }
        report = await port.query("engagement", asked)
        days = [(r["key"], r["clicks"], r["views"], r["visitors"]) for r in report["items"]]
        assert days == [("2026-03-20", 1, 1, 1), ("2026-03-21", 1, 0, 1)]
        assert report["total"]["clicks"] == 2
        assert report["total"]["not_by_persons"] == 1
        assert (report["total"]["conversions"], report["total"]["reported_conversions"]) == (1, 1)
        assert report["snapshot_id"]
        items = await port.query("engagement", {**asked, "group_by": "item", "limit": 1})
        assert [(r["key"], r["clicks"]) for r in items["items"]] == [("itm_a", 2)]
        assert items["is_cut"] is True
        other = await port.query("engagement", {**asked, "publisher_id": "pub_none"})
        assert (other["items"], other["total"]["clicks"]) == ([], 0)
        with pytest.raises(InvalidInput):
            await port.query("engagement", {**asked, "group_by": "visitor_hash"})

    async def test_engagement_before_the_first_event_is_none(
        self, port: Measurement, lab: Lab
    ) -> None:
        assert lab.catalog is not None
        asked = {
            "publisher_id": "pub_a",
            "since": "2026-03-20",
            "until": "2026-03-20",
            "timezone": "UTC",
        }
        report = await port.query("engagement", asked)
        assert (report["items"], report["snapshot_id"]) == ([], None)

    async def test_bad_requests_are_refused(self, port: Measurement, lab: Lab) -> None:
        request = await lab.request(DAY)
        with pytest.raises(NotFound):
            await port.refresh("no-such-stage", request)
        with pytest.raises(NotFound):
            await port.query("no-such-query", {})
        with pytest.raises(InvalidInput):
            await port.query("performance", {"limit": 0})
        with pytest.raises(DomainError):
            await port.refresh("query", {"run_id": "r1"})

    async def test_a_dimension_that_is_nowhere_is_not_found(
        self, port: Measurement, lab: Lab
    ) -> None:
        request = {**await lab.request(DAY), "dimension_key": "dimension/none"}
        with pytest.raises(NotFound):
            await port.refresh("query", request)


class Counted:
    """An engine that is slow and counts how often it was really asked."""

    def __init__(self, seconds: float, error: Exception | None = None) -> None:
        self.seconds = seconds
        self.error = error
        self.runs = 0

    async def refresh(self, stage: str, _request: JsonObject, /) -> JsonObject:
        self.runs += 1
        await asyncio.sleep(self.seconds)
        if self.error is not None:
            raise self.error
        return {"stage": stage}

    async def query(self, name: str, _request: JsonObject, /) -> JsonObject:
        return {"name": name}


class TestProcess:
    """Long jobs are joined, parts of objects gather, strangers are turned away."""

    async def test_askers_join_one_job(self, lab: Lab) -> None:
        engine = Counted(0.3)
        port = asked_over(process_over(lab, engine, patience=0.01), lab)
        wanted = {"run_id": "r1"}
        answers = await asyncio.gather(*(port.refresh("query", wanted) for _ in range(3)))
        assert answers == [{"stage": "query"}] * 3
        assert engine.runs == 1

    async def test_a_long_job_is_joined_by_the_next_attempt(self, lab: Lab) -> None:
        engine = Counted(1.0)
        bindings = process_over(lab, engine, patience=0.2)
        port = asked_over(bindings, lab, longest=timedelta(seconds=0.1))
        with pytest.raises(Unavailable, match="still runs"):
            await port.refresh("query", {"run_id": "r1"})
        assert await asked_over(bindings, lab).refresh("query", {"run_id": "r1"}) == {
            "stage": "query"
        }
        assert engine.runs == 1

    async def test_a_failed_job_is_run_anew(self, lab: Lab) -> None:
        engine = Counted(0, Unavailable("the catalog is away"))
        port = asked_over(process_over(lab, engine), lab)
        for _ in range(2):
            with pytest.raises(Unavailable, match="the catalog is away"):
                await port.refresh("query", {"run_id": "r1"})
        assert engine.runs == 2

    async def test_a_large_object_arrives_in_ranges(self, lab: Lab) -> None:
        body = os.urandom(limits.OBJECT_RANGE_BYTES * 2 + 17)
        await lab.objects.put("dimension/large", body)
        own = DirectoryObjectStore(lab.directory / "own")
        bindings = MeasurementBindings(Counted(0), own, lab.directory / "inbox", TOKEN, Jobs())
        port = asked_over(bindings, lab)
        for _ in range(2):  # sent again after a crash: nothing doubles
            await port._send(lab.objects, "dimension/large")
        assert await own.get("dimension/large") == body
        assert list(bindings.inbox.iterdir()) == []
        own.close()

    @pytest.mark.parametrize("token", ["", "wrong"])
    async def test_only_the_bearer_may_ask(self, lab: Lab, token: str) -> None:
        port = asked_over(process_over(lab, Counted(0)), lab, token)
        with pytest.raises(Unavailable, match="bearer"):
            await port.query("summary", {})
        with pytest.raises(Unavailable, match="bearer"):
            await port.refresh("query", {"run_id": "r1"})

    async def test_an_engine_that_does_not_answer_is_unavailable(self) -> None:
        def client() -> httpx.AsyncClient:
            return httpx.AsyncClient(base_url="http://127.0.0.1:1")

        with pytest.raises(Unavailable):
            await HttpMeasurement(client).query("summary", {})


class TestCommand:
    """`python -m measurement` as a container starts it."""

    def environment(self, **values: str) -> dict[str, str]:
        path = os.pathsep.join([str(ROOT), str(ROOT / "workers")])
        return {"PATH": os.environ["PATH"], "PYTHONPATH": path, **values}

    def test_missing_settings_are_all_named(self) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "measurement"], capture_output=True, text=True, check=False,
            env=self.environment(CATALOG_URI="http://127.0.0.1:1"), timeout=60,
        )  # fmt: skip
        assert done.returncode == 1
        assert done.stderr == (
            "measurement: CATALOG_WAREHOUSE is required, CATALOG_TOKEN is required,"
            " MEASUREMENT_TOKEN is required\n"
        )

    @contextlib.asynccontextmanager
    async def process(
        self, lake: Lake, folder: Path, objects: DirectoryObjectStore | None = None
    ) -> AsyncIterator[tuple[subprocess.Popen[bytes], HttpMeasurement]]:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        process = subprocess.Popen(  # noqa: ASYNC220 - it lasts as long as the block
            [sys.executable, "-m", "measurement"],
            env=self.environment(
                CATALOG_URI=lake.server.url,
                CATALOG_WAREHOUSE=lake.server.warehouse,
                CATALOG_TOKEN=lake.server.token,
                MEASUREMENT_TOKEN=TOKEN,
                PORT=str(port),
                STAGING=str(folder / "work"),
            ),
            stderr=subprocess.DEVNULL,
        )
        url = f"http://127.0.0.1:{port}"
        try:
            await listening(url)
            yield (
                process,
                HttpMeasurement(
                    lambda: httpx.AsyncClient(base_url=url, timeout=30),
                    token=TOKEN,
                    objects=objects,
                ),
            )
        finally:
            process.kill()
            process.wait()

    async def stop(self, process: subprocess.Popen[bytes]) -> None:
        process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, 60) in (0, -signal.SIGTERM)

    async def test_serves_and_stops_when_told(self, lake: Lake, tmp_path: Path) -> None:
        async with self.process(lake, tmp_path) as (process, engine):
            assert (await engine.query("summary", {}))["products"] == 0
            await self.stop(process)

    async def test_finishes_what_runs_when_told_to_stop(self, lake: Lake, tmp_path: Path) -> None:
        with contextlib.closing(DirectoryObjectStore(tmp_path / "objects")) as objects:
            lab = Lab(lake.catalog, objects, tmp_path / "lab")
            lab.dimension = [product("prd_a")]
            lab.append([event("e1", "prd_a", NOON)])
            request = await lab.request(DAY)
            async with self.process(lake, tmp_path, objects) as (process, engine):
                for stage in STAGES[:-1]:
                    await engine.refresh(stage, request)
                lake.server.faults.add(replace(RATE_LIMITED, retry_after=2))
                asking = asyncio.create_task(engine.refresh(STAGES[-1], request))
                while not lake.server.faults.happened:  # noqa: ASYNC110 - a thread changes it
                    await asyncio.sleep(0.02)
                asking.cancel()  # nobody waits for it any more
                await self.stop(process)
            lab.check(DAY)


async def listening(url: str) -> None:
    deadline = time.monotonic() + 40
    async with httpx.AsyncClient() as client:
        while time.monotonic() < deadline:
            try:
                assert (await client.get(f"{url}/health")).json() == {"status": "ok"}
            except httpx.ConnectError:
                await asyncio.sleep(0.1)
            else:
                return
    pytest.fail("the process does not listen")
