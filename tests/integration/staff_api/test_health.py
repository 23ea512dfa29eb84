"""Health: degraded when work is late or was given up, down when a part does not answer."""

from datetime import timedelta

import httpx
from ingest.workflows import WORKFLOWS
from pydantic import SecretStr

from shared.adapters.embedded.database import AsyncpgDatabases
from shared.clock import format_instant
from shared.health.checks import REFRESHED_AT
from shared.limits import RUN_SUMMARIES_KEPT
from shared.ports import Database
from tests.fixtures.shopify import EmulatedShopify
from tests.fixtures.staff_api import NOW, StaffApi


async def health(api: StaffApi) -> tuple[int, str, dict[str, str]]:
    response = await api.http.get("/api/health")
    document = response.json()
    checks = {check["name"]: check["status"] for check in document["checks"]}
    return response.status_code, document["status"], checks


async def all_well(api: StaffApi) -> None:
    for name in ("orders", "products"):
        await api.ingest.watermarks.advance(f"{name}_last_watermark", NOW)
    await api.ingest.watermarks.record_run(
        {
            "run_id": "refresh",
            "workflow": "measurement-refresh",
            "status": "complete",
            "started_at": format_instant(NOW),
            "finished_at": format_instant(NOW),
        }
    )


async def test_is_ok_when_all_is_recent(staff_api: StaffApi) -> None:
    await all_well(staff_api)
    status, overall, checks = await health(staff_api)
    assert (status, overall) == (200, "ok"), checks
    assert checks.keys() >= {"database", "measurement", "ingest", "ingest: database"}


async def test_is_degraded_before_the_first_sync(staff_api: StaffApi) -> None:
    status, overall, checks = await health(staff_api)
    assert (status, overall) == (200, "degraded")
    assert checks["ingest: orders sync"] == checks["ingest: measurement refresh"] == "degraded"


async def test_a_sync_may_be_26_hours_old(staff_api: StaffApi) -> None:
    await all_well(staff_api)
    staff_api.clock.advance(timedelta(hours=26))
    assert (await health(staff_api))[2]["ingest: orders sync"] == "ok"
    staff_api.clock.advance(timedelta(seconds=1))
    assert (await health(staff_api))[2]["ingest: orders sync"] == "degraded"


async def test_runs_of_other_kinds_do_not_hide_the_refresh(staff_api: StaffApi) -> None:
    await all_well(staff_api)
    await staff_api.ingest.watermarks.advance(REFRESHED_AT, NOW)
    for number in range(RUN_SUMMARIES_KEPT):
        await staff_api.ingest.watermarks.record_run(
            {"run_id": f"asset-ingest-{number}", "started_at": format_instant(NOW)}
        )
    assert (await health(staff_api))[1] == "ok"
    staff_api.clock.advance(timedelta(hours=2, seconds=1))
    assert (await health(staff_api))[2]["ingest: measurement refresh"] == "degraded"


async def test_a_refresh_may_be_2_hours_old(staff_api: StaffApi) -> None:
    await all_well(staff_api)
    staff_api.clock.advance(timedelta(hours=2))
    assert (await health(staff_api))[1] == "ok"
    staff_api.clock.advance(timedelta(seconds=1))
    assert (await health(staff_api))[2]["ingest: measurement refresh"] == "degraded"


async def test_dead_letters_degrade_it(staff_api: StaffApi) -> None:
    await all_well(staff_api)
    await staff_api.ingest.objects.put("dead-letters/2026-11-20/1.json", b"{}")
    status, overall, checks = await health(staff_api)
    assert (status, overall, checks["ingest: dead letters"]) == (200, "degraded", "degraded")


async def test_a_ledger_that_does_not_add_up_degrades_it(staff_api: StaffApi, db: Database) -> None:
    await all_well(staff_api)
    assert (await health(staff_api))[2]["ingest: ledger"] == "ok"
    await db.execute(
        "INSERT INTO ledger_transaction (id, kind, publisher_id, currency, amount_minor,"
        " occurred_at, booked_at, booked_by) VALUES ('ltx_1', 'accrual', 'pub_1', 'EUR', 5, $1, $1,"
        " 'a')",
        NOW,
    )
    staff_api.clock.advance(timedelta(minutes=1))
    document = (await staff_api.http.get("/api/health")).json()
    ledger = {check["name"]: check for check in document["checks"]}["ingest: ledger"]
    assert (document["status"], ledger["status"]) == ("degraded", "degraded")
    assert ledger["detail"] == "does not add up: ltx_1"


async def test_is_down_without_its_database(staff_api: StaffApi) -> None:
    await all_well(staff_api)
    staff_api.configure(databases=AsyncpgDatabases("postgres://nobody@127.0.0.1:1/none"))
    status, overall, checks = await health(staff_api)
    assert (status, overall, checks["database"]) == (503, "down", "down")
    assert checks["ingest: database"] == "ok"


async def test_is_down_without_ingest(staff_api: StaffApi) -> None:
    staff_api.configure(ingest=lambda: httpx.AsyncClient(base_url="http://127.0.0.1:1"))
    status, overall, checks = await health(staff_api)
    assert (status, overall, checks["ingest"]) == (503, "down", "down")


async def test_every_workflow_is_shown_with_its_newest_run(staff_api: StaffApi) -> None:
    await staff_api.http.post("/api/combo-suggestions/generate")
    await staff_api.work()
    document = (await staff_api.http.get("/api/health")).json()
    states = {state["workflow"]: state for state in document["workflows"]}
    assert states.keys() == WORKFLOWS.keys()
    suggested = states["suggestion-generation"]
    assert suggested["last_run"]["status"] == suggested["engine"]["state"] == "complete"
    assert states["backfill"]["last_run"] is None


async def test_deep_asks_shopify(staff_api: StaffApi, shopify_session: EmulatedShopify) -> None:
    settings = staff_api.bindings.settings
    nowhere = settings.model_copy(update={"SHOPIFY_URL": "http://127.0.0.1:1"})
    staff_api.configure(settings=nowhere)
    deep = {"deep": "true"}
    away = (await staff_api.http.get("/api/health", params=deep)).json()
    assert {c["name"]: c["status"] for c in away["checks"]}["shopify"] == "down"
    assert "SHOPIFY_ACCESS_TOKEN" in str(away["checks"])
    there = {
        "SHOP_DOMAIN": "northwind-goods.myshopify.com",
        "SHOPIFY_URL": shopify_session.url,
        "SHOPIFY_ACCESS_TOKEN": SecretStr(shopify_session.token),
    }
    staff_api.configure(settings=settings.model_copy(update=there))
    found = (await staff_api.http.get("/api/health", params=deep)).json()
    (check,) = [check for check in found["checks"] if check["name"] == "shopify"]
    assert check["status"] in {"ok", "degraded"}
    assert "answers as API version 2026-10" in check["detail"]
    shallow = (await staff_api.http.get("/api/health")).json()
    assert "shopify" not in {check["name"] for check in shallow["checks"]}
