"""Crons start their Workflows under the minute they were scheduled for."""

from __future__ import annotations

import tomllib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from ingest.scheduled import CRONS, SCHEDULE, UnknownCron, fire
from local.cron import Cron

from shared.errors import Unavailable
from tests.fixtures.ingest import IngestPorts

SIX = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)


@pytest.fixture
async def ports(tmp_path: Path) -> AsyncIterator[IngestPorts]:
    ports = IngestPorts(tmp_path)
    yield ports
    ports.close()


async def test_the_daily_cron_syncs_both_objects_and_audits(
    ports: IngestPorts,
) -> None:
    await fire("0 6 * * *", SIX, ports.bindings())
    started = ports.workflows.started
    assert [(s.name, s.instance_id, s.payload.get("object")) for s in started] == [
        ("shopify-bulk-sync", "shopify-bulk-sync-products-20261120T0600Z", "products"),
        ("shopify-bulk-sync", "shopify-bulk-sync-orders-20261120T0600Z", "orders"),
        ("webhook-audit", "webhook-audit-20261120T0600Z", None),
    ]
    assert {s.payload["requested_by"] for s in ports.workflows.started} == {"cron"}


async def test_the_hourly_cron_refreshes_the_measurement(ports: IngestPorts) -> None:
    assert await fire("0 * * * *", SIX, ports.bindings()) == ["measurement-refresh-20261120T0600Z"]


async def test_a_second_firing_of_a_minute_starts_nothing(ports: IngestPorts) -> None:
    for _ in range(2):
        await fire("0 6 * * *", SIX, ports.bindings())
    assert len(ports.workflows.started) == 3


async def test_an_unknown_cron_is_an_error(ports: IngestPorts) -> None:
    with pytest.raises(UnknownCron, match="5 5"):
        await fire("5 5 * * *", SIX, ports.bindings())


async def test_what_does_not_start_keeps_no_other_from_starting(ports: IngestPorts) -> None:
    ports.workflows.error = Unavailable("no")
    ports.workflows.errors_left = 1
    with pytest.raises(Unavailable):
        await fire("0 6 * * *", SIX, ports.bindings())
    assert [s.name for s in ports.workflows.started] == ["shopify-bulk-sync", "webhook-audit"]


@pytest.mark.parametrize(
    "cron",
    ["0 3 * * SUN", "0 3 * * sun", "0 3 * * 1", "0 3 * * 7", "0 3 * * 0", " 0  3 * * Sun "],
)
async def test_the_weekly_cron_is_known_however_sunday_is_written(
    ports: IngestPorts, cron: str
) -> None:
    sunday = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
    assert await fire(cron, sunday, ports.bindings()) == ["asset-health-check-20261122T0300Z"]


def test_every_configured_cron_is_known() -> None:
    text = (Path(__file__).parents[3] / "wrangler.ingest.toml").read_text(encoding="utf-8")
    assert set(tomllib.loads(text)["triggers"]["crons"]) <= CRONS.keys()


def test_the_local_clock_fires_each_job_once() -> None:
    assert len({CRONS[cron] for cron in SCHEDULE}) == len(SCHEDULE) == len(set(CRONS.values()))
    sunday = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
    assert [cron for cron in SCHEDULE if Cron.parse(cron).matches(sunday)] == [
        "0 * * * *",
        "0 3 * * SUN",
    ]
