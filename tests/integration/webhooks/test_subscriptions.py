"""Subscriptions are what they should be after each audit, and the audit says what was wrong."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest
from ingest.webhooks import shopify_of
from ingest.workflows import WORKFLOWS
from local.doctor import Patient, examine
from local.shopify.options import ALL_SCOPES, EmulatorOptions
from pydantic import SecretStr

from shared.adapters.embedded.workflows import JournalWorkflows
from shared.limits import SHOPIFY_API_VERSION
from shared.ports import JsonObject, Step
from shared.webhooks.subscriptions import audit_subscriptions, is_right, webhook_address
from shared.webhooks.topics import TOPICS, subscribable
from tests.fixtures.webhooks import Webhooks, WebhooksFactory
from tests.fixtures.workflow_runs import WorkflowLab

BASE = "https://ingest.example.com"
ADDRESS = webhook_address(BASE)


async def audit(webhooks: Webhooks, *, mend: bool = True) -> dict[str, str]:
    """Return what is not right, by topic."""
    async with shopify_of(webhooks.bindings()) as client:
        findings = await audit_subscriptions(client, ADDRESS, mend=mend)
    return {f.topic: f.state for f in findings if f.state != "ok"}


def subscriptions(webhooks: Webhooks) -> Any:
    return webhooks.shop.emulator.api.webhooks.subscriptions


async def test_every_topic_is_subscribed_to_once(webhooks: Webhooks) -> None:
    for one in list(subscriptions(webhooks).list({})):
        subscriptions(webhooks).remove(one)
    wanted = {topic.path for topic in subscribable(ALL_SCOPES)}
    assert set(await audit(webhooks)) == wanted == {
        path for path, topic in TOPICS.items() if topic.kind != "compliance"
    }  # fmt: skip
    assert await audit(webhooks) == {}
    assert {one.uri for one in subscriptions(webhooks).list({})} == {ADDRESS}
    assert len(list(subscriptions(webhooks).list({}))) == len(wanted)


async def test_failure_20_what_shopify_deleted_or_is_wrong_is_mended(webhooks: Webhooks) -> None:
    await audit(webhooks)
    found = {one.topic: one for one in subscriptions(webhooks).list({})}
    subscriptions(webhooks).remove(found["ORDERS_PAID"])
    found["ORDERS_CREATE"].uri = "https://old.example.com/webhooks/shopify"
    found["PRODUCTS_UPDATE"].filter = "id:1"
    found["REFUNDS_CREATE"].include_fields = ("id",)
    wrong = {
        "orders/paid": "missing",
        "orders/create": "wrong address",
        "products/update": "not whole",
        "refunds/create": "not whole",
    }
    assert await audit(webhooks, mend=False) == wrong
    assert await audit(webhooks) == wrong
    assert await audit(webhooks) == {}
    kept = {one.topic: one.id for one in subscriptions(webhooks).list({})}
    assert {t: one.id for t, one in found.items() if kept[t] != one.id}.keys() == {"ORDERS_PAID"}


async def test_a_version_is_the_apps_and_nothing_is_deleted_for_it(webhooks: Webhooks) -> None:
    await audit(webhooks)
    kept = [one.id for one in subscriptions(webhooks).list({})]
    subscriptions(webhooks).app.api_version = "2026-07"
    for _ in range(3):
        async with shopify_of(webhooks.bindings()) as client:
            findings = await audit_subscriptions(client, ADDRESS, mend=True)
        assert {(one.state, one.is_mended) for one in findings} == {("wrong version", False)}
        assert not is_right(findings)
        assert "2026-07" in findings[0].detail
        assert f"to {SHOPIFY_API_VERSION} there" in findings[0].detail
        assert [one.id for one in subscriptions(webhooks).list({})] == kept
    webhooks.changes.update_product(next(iter(webhooks.shop.store.products)), title="A")
    [told] = webhooks.taken()
    assert told.headers["X-Shopify-API-Version"] == "2026-07"


async def test_a_wrong_version_is_said_beside_what_was_mended(webhooks: Webhooks) -> None:
    await audit(webhooks)
    subscriptions(webhooks).app.api_version = "2026-07"
    [paid] = subscriptions(webhooks).matching("orders/paid")
    paid.include_fields = ("id",)
    async with shopify_of(webhooks.bindings()) as client:
        findings = await audit_subscriptions(client, ADDRESS, mend=True)
    of_paid = [(f.state, f.is_mended) for f in findings if f.topic == "orders/paid"]
    assert of_paid == [("not whole", True), ("wrong version", False)]


async def test_what_is_mended_is_read_again(webhooks: Webhooks) -> None:
    await audit(webhooks)
    [paid] = subscriptions(webhooks).matching("orders/paid")
    paid.filter = "id:1"
    mutations = webhooks.shop.emulator.api._mutations
    mutations["webhookSubscriptionUpdate"] = lambda _: {
        "webhookSubscription": paid, "userErrors": [],
    }  # fmt: skip
    async with shopify_of(webhooks.bindings()) as client:
        findings = await audit_subscriptions(client, ADDRESS, mend=True)
    [finding] = [one for one in findings if one.topic == "orders/paid"]
    assert (finding.state, finding.is_mended) == ("not whole", False)
    assert "still" in finding.detail
    assert subscriptions(webhooks).matching("orders/paid") == [paid]


async def test_what_is_not_granted_is_said_and_not_asked_for(
    webhooks_factory: WebhooksFactory,
) -> None:
    scopes = ("read_orders", "read_products")
    options = EmulatorOptions(scopes=scopes, throttle_restore_rate=1e9, throttle_maximum=1e9)
    webhooks = await webhooks_factory(options=options)
    async with shopify_of(webhooks.bindings()) as client:
        findings = await audit_subscriptions(client, ADDRESS, mend=True)
    states = {finding.topic: finding.state for finding in findings}
    assert states["returns/request"] == states["fulfillments/create"] == "not granted"
    assert states["orders/create"] == "wrong address"
    assert not is_right(findings)


async def daily(webhooks: Webhooks) -> Any:
    """Run the Workflow of the audit; return how it ended."""
    settings = webhooks.ports.settings.model_copy(update={"INGEST_URL": BASE})
    engine = JournalWorkflows(webhooks.ports.journal, clock=webhooks.clock)

    async def definition(step: Step, payload: JsonObject) -> Any:
        return await WORKFLOWS["webhook-audit"](step, payload, webhooks.bindings(settings=settings))

    engine.register("webhook-audit", definition)
    await engine.start("webhook-audit", "run_1", {"run_id": "run_1", "requested_by": "cron"})
    status = await engine.finished("webhook-audit", "run_1")
    await engine.close()
    return status


async def test_the_daily_audit_mends_reports_and_forgets(webhooks: Webhooks) -> None:
    order = next(iter(webhooks.shop.store.products))
    webhooks.changes.update_product(order, title="A")
    await webhooks.handle(*webhooks.taken())
    webhooks.clock.advance(timedelta(days=8))
    webhooks.changes.update_product(order, title="B")
    await webhooks.handle(*webhooks.taken())
    status = await daily(webhooks)
    assert status.state == "complete", status.error
    assert await audit(webhooks) == {}
    assert len(await webhooks.rows("SELECT id FROM webhook_delivery")) == 1
    [run] = await webhooks.ports.watermarks.runs(limit=1)
    assert run["status"] == "complete"
    assert {f["state"] for f in run["findings"]} == {"wrong address"}
    events = {e["step"]: e["event_type"] for e in webhooks.ports.sync.events}
    assert events["audit"] == "step_completed"
    assert events["report-completion"] == "run_completed"


async def test_the_daily_audit_reports_a_wrong_version_and_goes_on(webhooks: Webhooks) -> None:
    await audit(webhooks)
    subscriptions(webhooks).app.api_version = "2026-07"
    status = await daily(webhooks)
    assert status.state == "complete", status.error
    [run] = await webhooks.ports.watermarks.runs(limit=1)
    assert {(f["state"], f["is_mended"]) for f in run["findings"]} == {("wrong version", False)}
    assert "app's configuration" in run["findings"][0]["detail"]


async def test_the_audit_killed_around_every_step_mends_once(webhooks: Webhooks) -> None:
    settings = webhooks.ports.settings.model_copy(update={"INGEST_URL": BASE})
    lab = WorkflowLab(
        webhooks.ports, webhooks.sync.databases, webhooks.clock, others={"settings": settings}
    )
    payload = {"run_id": "run_1", "requested_by": "cron"}
    status = await lab.run_killed_everywhere("webhook-audit", payload)
    assert status.state == "complete", status.error
    assert await audit(webhooks) == {}
    kept = webhooks.shop.emulator.api.webhooks.subscriptions
    for topic in subscribable(webhooks.shop.emulator.api.scopes()):
        assert len(kept.matching(topic.path)) == 1, topic
    events = [e for e in webhooks.ports.sync.events if e["step"] == "audit"]
    assert len({event["event_id"] for event in events}) == 1


class TestDoctor:
    """One line for each thing that a deployment depends on."""

    @staticmethod
    async def lines(webhooks: Webhooks, **settings: Any) -> dict[str, bool]:
        changed = webhooks.ports.settings.model_copy(update={"INGEST_URL": BASE, **settings})
        patient = Patient(
            changed,
            webhooks.clock,
            webhooks.ports.http,
            is_local=True,
            databases=webhooks.sync.databases,
        )
        return {one.subject: one.is_well for one in await examine(patient)}

    async def test_what_is_well_and_what_is_not(self, webhooks: Webhooks) -> None:
        await audit(webhooks)
        found = await self.lines(webhooks, CLICK_SIGNING_KEY=SecretStr("new"))
        assert found == {
            "token": True, "scopes": True, "shop": True, "currency": True, "webhook secret": True,
            "click key": True, "webhooks": True, "catalog": False, "hyperdrive": True,
            "ledger": True,
        }  # fmt: skip
        subscriptions(webhooks).remove(next(iter(subscriptions(webhooks).list({}))))
        worse = await self.lines(webhooks, SHOP_TIMEZONE="Asia/Tokyo", SHOPIFY_WEBHOOK_SECRET=None)
        assert {name for name in found if found[name] and not worse[name]} == {
            "shop", "webhook secret", "click key", "webhooks",
        }  # fmt: skip

    @pytest.mark.parametrize(("previous", "is_well"), [("old", True), ("new", False)])
    async def test_a_rotated_click_key(
        self, webhooks: Webhooks, previous: str, is_well: bool
    ) -> None:
        keys = {
            "CLICK_SIGNING_KEY": SecretStr("new"),
            "CLICK_SIGNING_KEY_PREVIOUS": SecretStr(previous),
        }
        assert (await self.lines(webhooks, **keys))["click key"] is is_well

    async def test_a_wrong_version_is_not_said_to_be_mended_by_a_command(
        self, webhooks: Webhooks
    ) -> None:
        await audit(webhooks)
        subscriptions(webhooks).app.api_version = "2026-07"
        settings = webhooks.ports.settings.model_copy(update={"INGEST_URL": BASE})
        patient = Patient(settings, webhooks.clock, webhooks.ports.http, is_local=True)
        [found] = [one for one in await examine(patient) if one.subject == "webhooks"]
        assert not found.is_well
        assert "app's configuration" in found.detail
        assert "webhooks create" not in found.detail

    async def test_failure_10_a_refused_token_is_said(self, webhooks: Webhooks) -> None:
        webhooks.shop.emulator.tokens.clear()
        assert not (await self.lines(webhooks))["token"]

    @pytest.mark.parametrize(
        ("caching", "is_well"),
        [({"disabled": True}, True), ({"disabled": False}, False), ({}, False)],
    )
    async def test_caching_of_hyperdrive(
        self,
        webhooks: Webhooks,
        monkeypatch: pytest.MonkeyPatch,
        caching: JsonObject,
        is_well: bool,
    ) -> None:
        async def cloudflare(scope: Any, receive: Any, send: Any) -> None:
            del receive
            assert scope["path"] == "/accounts/account-1/hyperdrive/configs/hyper-1"
            body = httpx.Response(200, json={"result": {"caching": caching}}).content
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": body})

        monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "t")
        monkeypatch.setenv("CLOUDFLARE_API_BASE_URL", "http://cloudflare")
        settings = webhooks.ports.settings.model_copy(update={"CF_ACCOUNT_ID": "account-1"})

        def client() -> httpx.AsyncClient:
            mounts = {"http://cloudflare": httpx.ASGITransport(cloudflare)}
            return httpx.AsyncClient(mounts=mounts)

        patient = Patient(settings, webhooks.clock, client, is_local=False, hyperdrive_id="hyper-1")
        found = {one.subject: one.is_well for one in await examine(patient)}
        assert found["hyperdrive"] is is_well
