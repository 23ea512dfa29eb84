"""The three Workers as Cloudflare calls them: fetch, queue, cron, RPC and Workflows."""

from __future__ import annotations

import asyncio
import json
import time
import tomllib
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from shared.identity.access import HEADER
from shared.ports import JsonObject
from shared.telemetry import CommerceEvent
from tests.fixtures.edge import Surroundings, started_edge
from tests.wasm.bridge import Bridge
from tests.wasm.edge_worker import EdgeError, EdgeWorker
from tests.wasm.embedded_twin import newest, rows_of, synced

ROOT = Path(__file__).parents[2]
HEAP_MIB = 64
UPLOAD_MIB = 64
WORKERS = ("platform_edge", "ingest_edge", "dashboard_edge")
SIX = 1_795_240_800_000
"""2026-11-21T06:00:00Z in milliseconds."""


def until(condition: Callable[[], Any], seconds: float = 60) -> Any:
    """Wait until the condition holds and return what it gave."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.5)
    pytest.fail("it did not happen in time")


# Workers that nobody has used before.
edge_platform = pytest_asyncio.fixture(started_edge, scope="module", loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def twin_database_url(new_database: Callable[[], Awaitable[str]]) -> str:
    """A database for the same work on the embedded adapters."""
    return await new_database()


@pytest.mark.parametrize("worker", WORKERS)
class TestFigures:
    """What a Worker weighs, measured in the runtime's own memory."""

    def test_weight(
        self,
        request: pytest.FixtureRequest,
        record_property: Callable[[str, object], None],
        worker: str,
    ) -> None:
        edge: EdgeWorker = request.getfixturevalue(worker)
        figures = edge.ask("figures")
        upload = sum(figures["sizes"].values()) / 2**20
        report = {
            "heap_after_import_mib": figures["imported"],
            "heap_after_request_mib": edge.first_heap,
            "import_ms": round(figures["milliseconds"]),
            "upload_mib": round(upload, 1),
        }
        for key, value in report.items():
            record_property(key, value)
        print(worker, report)  # noqa: T201 - shown with -s and on failure
        assert figures["imported"] <= HEAP_MIB
        assert edge.first_heap <= HEAP_MIB
        assert upload < UPLOAD_MIB

    def test_the_runtime_finds_its_classes(
        self, request: pytest.FixtureRequest, worker: str
    ) -> None:
        edge: EdgeWorker = request.getfixturevalue(worker)
        asked = edge.ask("classes")
        found = {kind: sorted(c["className"] for c in v) for kind, v in asked.items()}
        runs = [c["methodNames"] for c in asked["workflowEntrypoints"]]
        assert all(methods == ["run"] for methods in runs)
        wanted = {"durableObjects": [], "workerEntrypoints": ["Default"], "workflowEntrypoints": []}
        if worker == "ingest_edge":
            bound = tomllib.loads((ROOT / "wrangler.ingest.toml").read_text(encoding="utf-8"))
            wanted = {
                "durableObjects": ["MeasurementContainer", "WatermarkDO"],
                "workerEntrypoints": ["Default", "Internal"],
                "workflowEntrypoints": sorted(item["class_name"] for item in bound["workflows"]),
            }
        assert found == wanted


class TestFetch:
    """Requests reach the routes, and come back as what the domain says."""

    def test_platform_health_asks_the_database(self, platform_edge: EdgeWorker) -> None:
        answer = platform_edge.fetch("https://platform/health")
        assert answer.json()["checks"][0] | {"observed_at": None} == {
            "name": "database", "status": "ok", "detail": "answers", "observed_at": None,
        }  # fmt: skip

    def test_ingest_is_public_only_to_shopify(self, ingest_edge: EdgeWorker) -> None:
        for path in ("/health", "/runs", "/leases/orders", "/measurement/query/summary"):
            answer = ingest_edge.fetch(f"https://ingest{path}")
            assert answer.status == 404, path

    def test_staff_needs_a_token(
        self, dashboard_edge: EdgeWorker, surroundings: Surroundings
    ) -> None:
        url = "https://dashboard/api/ingest/runs"
        assert (dashboard_edge.fetch(url)).status == 401
        token = surroundings.access.user_token()
        forged = token[:-6] + ("AAAAAA" if token[-6:] != "AAAAAA" else "BBBBBB")
        assert (dashboard_edge.fetch(url, headers={HEADER: forged})).status == 401
        answer = dashboard_edge.fetch(url, headers={HEADER: token})
        assert answer.status == 200, answer.body

    def test_the_dashboard_asks_ingest_over_its_binding(
        self, dashboard_edge: EdgeWorker, surroundings: Surroundings
    ) -> None:
        token = surroundings.access.user_token()
        answer = dashboard_edge.fetch("https://dashboard/api/health", headers={HEADER: token})
        names = {check["name"]: check["status"] for check in answer.json()["checks"]}
        assert names["database"] == "ok"
        assert names["ingest"] == "ok"
        assert names["ingest: database"] == "ok"

    def test_a_connection_that_drops_is_503(
        self, dashboard_edge: EdgeWorker, surroundings: Surroundings, bridge: Bridge
    ) -> None:
        url = "https://dashboard/api/performance-metrics/settings/classification"
        headers = {HEADER: surroundings.access.user_token()}
        assert (dashboard_edge.fetch(url, headers=headers)).status == 200
        bridge.is_down = True
        try:
            answer = dashboard_edge.fetch(url, headers=headers)
        finally:
            bridge.is_down = False
        assert answer.status == 503, answer.body
        assert answer.headers["retry-after"] == "5"
        assert answer.json()["type"] == "urn:problem:unavailable"

    def test_a_connection_that_drops_between_two_writes_leaves_neither(
        self, dashboard_edge: EdgeWorker, surroundings: Surroundings, bridge: Bridge
    ) -> None:
        headers = {HEADER: surroundings.access.user_token(), "Content-Type": "application/json"}

        def post(path: str, content: JsonObject) -> Any:
            return dashboard_edge.fetch(
                f"https://dashboard{path}",
                method="POST",
                headers=headers,
                body=json.dumps(content),
            )

        publisher = post("/api/publishers", {"name": "Dropped", "email": "d@b.example"}).json()
        path = f"/api/publishers/{publisher['id']}/publications"
        bridge.cut_after = "INSERT INTO publication "
        answer = post(path, {"title": "Half"})
        assert bridge.cut_after == "", "the write was made, and then the connection cut"
        assert answer.status == 503, answer.body
        assert answer.headers["retry-after"] == "5"
        kept = f"https://dashboard/api/publications?publisher_id={publisher['id']}"
        assert dashboard_edge.fetch(kept, headers=headers).json()["items"] == []
        assert post(path, {"title": "Whole"}).status == 201

    def test_a_binding_that_is_missing_is_503(self, platform_edge: EdgeWorker) -> None:
        with platform_edge.without("HYPERDRIVE"):
            answer = platform_edge.fetch("https://platform/health")
        assert answer.status == 503, answer.body
        assert "HYPERDRIVE" in answer.json()["detail"]
        assert answer.headers["retry-after"] == "60"
        told = until(lambda: [line for line in platform_edge.log if "HYPERDRIVE" in line])
        assert [json.loads(line)["event"] for line in told] == ["not available"]

    def test_a_publisher_gets_in_with_a_token(
        self, platform_edge: EdgeWorker, dashboard_edge: EdgeWorker, surroundings: Surroundings
    ) -> None:
        staff = {HEADER: surroundings.access.user_token(), "Content-Type": "application/json"}

        def created(path: str, content: dict[str, Any]) -> Any:
            answer = dashboard_edge.fetch(
                f"https://dashboard{path}", method="POST", headers=staff, body=json.dumps(content)
            )
            assert answer.status == 201, answer.body
            return answer.json()

        content = {"name": "Reader", "email": "reader@b.example", "status": "active"}
        publisher = created("/api/publishers", content)
        asked = {"name": "app", "scopes": ["profile:read"]}
        client = created(f"/api/publishers/{publisher['id']}/oauth-clients", asked)
        token = platform_edge.fetch(
            "https://platform/oauth/token",
            method="POST",
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            body=f"grant_type=client_credentials&client_id={client['id']}"
            f"&client_secret={client['client_secret']}",
        )
        assert token.status == 200, token.body
        url = "https://platform/v1/publisher"
        bearer = {"Authorization": f"Bearer {token.json()['access_token']}"}
        profile = platform_edge.fetch(url, headers=bearer)
        assert (profile.status, profile.json()["id"]) == (200, publisher["id"])
        assert "r=299" in profile.headers["ratelimit"] or "r=298" in profile.headers["ratelimit"]
        assert platform_edge.fetch(url).status == 401

    def test_a_public_read_comes_from_the_cache_and_has_an_etag(
        self, platform_edge: EdgeWorker
    ) -> None:
        url = "https://platform/v1/publications"
        first, second = platform_edge.fetch(url), platform_edge.fetch(url)
        assert (first.status, first.body) == (200, second.body), first.body
        headers = {"If-None-Match": first.headers["etag"]}
        assert platform_edge.fetch(url, headers=headers).status == 304

    def test_no_connection_outlives_its_request(
        self, platform_edge: EdgeWorker, bridge: Bridge
    ) -> None:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(platform_edge.fetch, ["https://platform/health"] * 8))
        assert bridge.open_connections() == 0


class TestQueue:
    """Real queues deliver to `queue(batch, env, ctx)`; nothing is lost."""

    def test_bad_messages_end_as_objects_with_a_reason(self, ports: Callable[..., Any]) -> None:
        bad: list[dict[str, Any]] = [
            {"job_type": "NO_SUCH_JOB", "run_id": "bad-1"},
            {"job_type": "SHOPIFY_BULK_SYNC_START", "run_id": "bad 2", "object": "orders"},
        ]
        ports("queue.send_batch", bad)

        def letters() -> Any:
            page = ports("objects.list", prefix="dead-letters/")
            keys = [found["key"] for found in page["objects"]]
            return keys if len(keys) >= len(bad) else None

        keys = until(letters)
        found = [json.loads(ports("objects.get", key)) for key in keys]
        assert sorted(letter["message"]["run_id"] for letter in found) == ["bad 2", "bad-1"]
        assert all("InvalidInput" in letter["reason"] for letter in found)

    def test_a_body_that_is_no_json_is_buried_too(self, ingest_edge: EdgeWorker) -> None:
        message = {"id": "m1", "timestamp": SIX, "body": "no json {", "attempts": 1}
        verdicts = ingest_edge.ask("consume", queue="ingest-queue-dev", messages=[message])
        assert verdicts == {"m1": "ack"}

    def test_a_letter_that_the_bucket_does_not_take_comes_again_later_and_later(
        self, ingest_edge: EdgeWorker
    ) -> None:
        keys = {"x" * 1_100 + str(attempts): attempts for attempts in (1, 4, 100)}  # too long
        messages = [
            {"id": key, "timestamp": SIX, "body": "{}", "attempts": attempts}
            for key, attempts in keys.items()
        ]
        verdicts = ingest_edge.ask("consume", queue="ingest-dlq-dev", messages=messages)
        delays = [verdicts[key]["delaySeconds"] for key in keys]
        assert delays == [30, 120, 900]

    def test_a_consumer_that_cannot_work_gets_the_message_again(
        self, ingest_edge: EdgeWorker
    ) -> None:
        body = {"job_type": "NO_SUCH_JOB", "run_id": "kept"}
        message = {"id": "m2", "timestamp": SIX, "body": body, "attempts": 1}
        with ingest_edge.without("INGEST_DLQ"), pytest.raises(EdgeError, match="INGEST_DLQ"):
            ingest_edge.ask("consume", queue="ingest-queue-dev", messages=[message])


class TestCron:
    """Crons start Workflows whose ids carry the scheduled minute."""

    def test_an_unknown_cron_is_an_error(self, ingest_edge: EdgeWorker) -> None:
        with pytest.raises(EdgeError, match="UnknownCron"):
            ingest_edge.ask("trigger", cron="1 2 3 4 5", scheduledTime=SIX)

    def test_a_tick_tells_of_the_health_once(
        self, ingest_edge: EdgeWorker, surroundings: Surroundings
    ) -> None:
        for _ in range(2):
            with pytest.raises(EdgeError, match="UnknownCron"):
                ingest_edge.ask("trigger", cron="1 2 3 4 5", scheduledTime=SIX)
        (told,) = surroundings.alerts
        assert (told["event"], told["status"]) == ("degraded", "degraded")
        assert "measurement refresh" in told["text"]

    def test_the_daily_cron_leaves_what_the_embedded_platform_leaves(
        self,
        ingest_edge: EdgeWorker,
        ports: Callable[..., Any],
        surroundings: Surroundings,
        edge_database_url: str,
        twin_database_url: str,
        tmp_path: Path,
    ) -> None:
        for _ in range(2):  # a second firing of the same minute starts nothing
            ingest_edge.ask("trigger", cron="0 6 * * *", scheduledTime=SIX)
        for name in ("products", "orders"):
            run_id = f"shopify-bulk-sync-{name}-20261121T0600Z"

            def ended(run_id: str = run_id) -> Any:
                status = ports("workflows.status", "shopify-bulk-sync", run_id)
                return status if status["state"] in ("complete", "errored") else None

            status = until(ended, 120)
            assert status["state"] == "complete", status
            assert ports("watermarks.read", f"{name}_last_watermark") is not None
            assert ports("watermarks.run", run_id)["run_id"] == run_id
        with ThreadPoolExecutor(1) as thread:  # a loop of its own, beside pytest's
            rows = thread.submit(
                asyncio.run, rows_of(edge_database_url, surroundings, tmp_path / "edge")
            ).result()
            twin, events = thread.submit(
                asyncio.run, synced(twin_database_url, surroundings, tmp_path / "twin")
            ).result()
        assert {name: len(found) for name, found in rows.items()} == {
            name: len(found) for name, found in twin.items()
        }
        assert rows == twin
        assert as_read(newest(surroundings.events["commerce"])) == as_read(events)


def as_read(events: dict[str, Any]) -> dict[str, CommerceEvent]:
    """Return the events as a reader has them: absent and null are one."""
    return {key: CommerceEvent.model_validate(event) for key, event in events.items()}


class TestRpc:
    """Calls of other objects fail as the domain says."""

    def test_a_durable_object_that_fails_is_unavailable(self, ports: Callable[..., Any]) -> None:
        with pytest.raises(EdgeError, match="Unavailable"):
            ports("watermarks.release", "orders", {"not": "a text"})

    def test_measurement_that_does_not_listen_is_unavailable(
        self, ports: Callable[..., Any]
    ) -> None:
        with pytest.raises(EdgeError, match="Unavailable"):
            ports("measurement.query", "summary", {})
