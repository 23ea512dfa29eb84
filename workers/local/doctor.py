"""`python -m local doctor`: looks at what a deployment depends on and says what is wrong."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import httpx
from ingest.bindings import IngestBindings

from shared.clock import Clock
from shared.commissions.audit_repository import LedgerAudit
from shared.config import Settings
from shared.errors import DomainError
from shared.integrations.shopify.client import ShopifyClient
from shared.integrations.shopify.oauth import SCOPES
from shared.limits import SHOPIFY_API_VERSION
from shared.ports import Databases, JsonObject
from shared.webhooks.subscriptions import OF_THE_APP, audit_subscriptions, webhook_address

_OPTIONAL: Final = {
    "read_all_orders": "orders older than 60 days stay hidden",
    "read_inventory": "variants have no unit cost",
}
_NEWEST_ORDER: Final = (
    "{ orders(first: 1, reverse: true, sortKey: CREATED_AT) { nodes { currencyCode } } }"
)
_SHOWN: Final = 10
_CLOUDFLARE: Final = "https://api.cloudflare.com/client/v4"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was found out about one thing."""

    subject: str
    is_well: bool
    detail: str

    @property
    def line(self) -> str:
        """Return it as the command prints it."""
        return f"{'ok  ' if self.is_well else 'FAIL'} {self.subject}: {self.detail}"


@dataclass(frozen=True, slots=True)
class Patient:
    """A deployment; `hyperdrive_id` is None where the database is reached directly."""

    settings: Settings
    clock: Clock
    http: Callable[[], httpx.AsyncClient]
    is_local: bool
    hyperdrive_id: str | None = None
    databases: Databases | None = None


async def examine(patient: Patient) -> list[Diagnosis]:
    """Return a diagnosis of each thing that a deployment depends on."""
    async with patient.http() as http:
        client = ShopifyClient(http, settings=patient.settings, clock=patient.clock, sleep=_briefly)
        checks: dict[str, Callable[[], Awaitable[Diagnosis]]] = {
            "token": lambda: _token(client),
            "scopes": lambda: _scopes(client),
            "shop": lambda: _shop(client, patient.settings),
            "currency": lambda: _currency(client),
            "webhook secret": lambda: _secret(patient.settings),
            "click key": lambda: _click_key(patient.settings),
            "webhooks": lambda: _webhooks(client, patient.settings),
            "catalog": lambda: _catalog(http, patient.settings),
            "hyperdrive": lambda: _hyperdrive(http, patient),
            "ledger": lambda: _ledger(patient.databases),
        }
        return [await _guarded(subject, check) for subject, check in checks.items()]


async def _briefly(seconds: float) -> None:
    """Wait as the client asks, but not long: whoever called the doctor is waiting too."""
    await asyncio.sleep(min(seconds, 0.5))


async def examine_local(ingest: IngestBindings, _: str) -> JsonObject:
    """Examine the platform of this machine."""
    patient = Patient(
        ingest.settings, ingest.clock, ingest.http, is_local=True, databases=ingest.databases
    )
    return report(await examine(patient))


def report(found: list[Diagnosis]) -> JsonObject:
    """Return diagnoses as JSON."""
    return {"lines": [one.line for one in found], "is_well": all(one.is_well for one in found)}


async def _guarded(subject: str, check: Callable[[], Awaitable[Diagnosis]]) -> Diagnosis:
    try:
        return await check()
    except DomainError as error:
        return Diagnosis(subject, is_well=False, detail=error.detail or error.title())
    except httpx.HTTPError as error:
        return Diagnosis(subject, is_well=False, detail=f"no answer ({type(error).__name__})")


async def _token(client: ShopifyClient) -> Diagnosis:
    await client.access_scopes()
    detail = f"accepted; Shopify answers as API version {SHOPIFY_API_VERSION}"
    return Diagnosis("token", is_well=True, detail=detail)


async def _scopes(client: ShopifyClient) -> Diagnosis:
    granted = await client.access_scopes()
    missing = {s for s in SCOPES if not granted & {s, s.replace("read_", "write_", 1)}}
    notes = [f"without {scope} {_OPTIONAL[scope]}" for scope in sorted(missing & _OPTIONAL.keys())]
    if lacking := sorted(missing - _OPTIONAL.keys()):
        return Diagnosis("scopes", is_well=False, detail=f"missing {', '.join(lacking)}")
    return Diagnosis("scopes", is_well=True, detail="; ".join(["all needed", *notes]))


async def _shop(client: ShopifyClient, settings: Settings) -> Diagnosis:
    shop = await client.shop()
    is_same = shop.timezone == settings.SHOP_TIMEZONE
    detail = f"{shop.domain}, time zone {shop.timezone}"
    if not is_same:
        detail += f", but SHOP_TIMEZONE is {settings.SHOP_TIMEZONE}: days would be other days"
    return Diagnosis("shop", is_well=is_same, detail=detail)


async def _currency(client: ShopifyClient) -> Diagnosis:
    shop = await client.shop()
    nodes = (await client.query(_NEWEST_ORDER))["orders"]["nodes"]
    newest = nodes[0]["currencyCode"] if nodes else shop.currency
    is_same = newest == shop.currency
    detail = shop.currency
    if not is_same:
        detail += f", but the newest order is in {newest}: it would not be measured"
    return Diagnosis("currency", is_well=is_same, detail=detail)


async def _secret(settings: Settings) -> Diagnosis:
    is_set = settings.SHOPIFY_WEBHOOK_SECRET is not None
    detail = "set" if is_set else "SHOPIFY_WEBHOOK_SECRET is not set: every delivery is refused"
    if is_set and settings.SHOPIFY_WEBHOOK_SECRET_PREVIOUS is not None:
        detail += "; the previous one is still accepted, remove it an hour after the rotation"
    return Diagnosis("webhook secret", is_well=is_set, detail=detail)


async def _click_key(settings: Settings) -> Diagnosis:
    current, previous = settings.CLICK_SIGNING_KEY, settings.CLICK_SIGNING_KEY_PREVIOUS
    is_well, detail = True, "set"
    if current is None:
        is_well, detail = False, "CLICK_SIGNING_KEY is not set: no click earns"
    elif current == previous:
        is_well, detail = False, "the previous one is the same: what it signed before is refused"
    elif previous is not None:
        detail += "; clicks of the previous one still earn, remove it after the longest window"
    return Diagnosis("click key", is_well=is_well, detail=detail)


async def _webhooks(client: ShopifyClient, settings: Settings) -> Diagnosis:
    if settings.INGEST_URL is None:
        return Diagnosis("webhooks", is_well=False, detail="INGEST_URL is not set")
    address = webhook_address(settings.INGEST_URL)
    findings = await audit_subscriptions(client, address, mend=False)
    wrong = [f for f in findings if f.state not in {"ok", "surplus"}]
    advice = {f.detail for f in wrong if f.state in OF_THE_APP}
    if any(f.state not in OF_THE_APP for f in wrong):
        advice.add("mend with `python -m local webhooks create`")
    if wrong:
        detail = "; ".join([", ".join(f"{f.topic} {f.state}" for f in wrong), *sorted(advice)])
        return Diagnosis("webhooks", is_well=False, detail=detail)
    return Diagnosis("webhooks", is_well=True, detail=f"{len(findings)} topics go to {address}")


async def _catalog(http: httpx.AsyncClient, settings: Settings) -> Diagnosis:
    if settings.CATALOG_URI is None or settings.CATALOG_TOKEN is None:
        detail = "CATALOG_URI and CATALOG_TOKEN are not both set"
        return Diagnosis("catalog", is_well=False, detail=detail)
    answer = await http.get(
        f"{settings.CATALOG_URI.rstrip('/')}/v1/config",
        params={"warehouse": settings.CATALOG_WAREHOUSE or ""},
        headers={"Authorization": f"Bearer {settings.CATALOG_TOKEN.get_secret_value()}"},
    )
    if answer.status_code != 200:
        detail = f"answers {answer.status_code}: is CATALOG_TOKEN right, is the catalog there?"
        return Diagnosis("catalog", is_well=False, detail=detail)
    return Diagnosis("catalog", is_well=True, detail="the token is accepted")


async def _hyperdrive(http: httpx.AsyncClient, patient: Patient) -> Diagnosis:
    if patient.is_local:
        return Diagnosis(
            "hyperdrive", is_well=True, detail="none: the database is reached directly"
        )
    token, account = os.environ.get("CLOUDFLARE_API_TOKEN"), patient.settings.CF_ACCOUNT_ID
    if not (token and account and patient.hyperdrive_id):
        detail = "needs CLOUDFLARE_API_TOKEN, CF_ACCOUNT_ID and the id in wrangler.ingest.toml"
        return Diagnosis("hyperdrive", is_well=False, detail=detail)
    base = os.environ.get("CLOUDFLARE_API_BASE_URL", _CLOUDFLARE).rstrip("/")
    answer = await http.get(
        f"{base}/accounts/{account}/hyperdrive/configs/{patient.hyperdrive_id}",
        headers={"Authorization": f"Bearer {token}"},
    )
    if answer.status_code != 200:
        detail = f"Cloudflare answers {answer.status_code}"
        return Diagnosis("hyperdrive", is_well=False, detail=detail)
    caching = answer.json()["result"].get("caching") or {}
    is_off = caching.get("disabled") is True
    detail = "caching is off" if is_off else "caching is ON: it serves stale reads"
    return Diagnosis("hyperdrive", is_well=is_off, detail=detail)


async def _ledger(databases: Databases | None) -> Diagnosis:
    """Look at the whole of it; the health looks at what was booked since it last did."""
    if databases is None:
        return Diagnosis("ledger", is_well=False, detail="needs DATABASE_URL")
    async with databases.open() as db:
        wrong = await LedgerAudit(db).imbalances(limit=_SHOWN)
    detail = f"does not add up: {', '.join(wrong)}" if wrong else "every movement adds up"
    return Diagnosis("ledger", is_well=not wrong, detail=detail)
