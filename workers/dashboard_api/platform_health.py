"""The platform's health: what dashboard-api can see itself, and what ingest says of its own."""

from __future__ import annotations

import asyncio
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from dashboard_api.bindings import DashboardBindings
from dashboard_api.ingest import Ingest
from dashboard_api.schemas import RunRead
from shared.errors import DomainError, Unavailable
from shared.health.checks import database_check, guarded
from shared.health.models import Health, HealthCheck
from shared.integrations.shopify.client import ShopifyClient
from shared.limits import SHOPIFY_API_VERSION

_PATIENCE = 0.5
"""Seconds between two questions to Shopify at most: somebody is waiting."""


class WorkflowHealth(BaseModel):
    """A Workflow, and how its newest run is."""

    workflow: str
    last_run: RunRead | None = Field(description="Null if none has started among the last 500.")
    engine: dict[str, Any] | None = Field(description="What the Workflow engine says of that run.")


class PlatformHealth(Health):
    """How the platform is, and each of its Workflows."""

    model_config = ConfigDict(frozen=True)

    workflows: list[WorkflowHealth] = Field(description="Empty while ingest does not answer.")


async def platform_health(
    bindings: DashboardBindings, ingest: Ingest, *, is_deep: bool = False
) -> PlatformHealth:
    """Return the worst of our checks and ingest's; deep ones ask Shopify too."""

    async def measured() -> HealthCheck:
        summary = await bindings.measurement.query("summary", {})
        detail = f"{summary['products']} products as of {summary['as_of'] or 'never'}"
        return HealthCheck(name="measurement", status="ok", detail=detail)

    checks = [
        await guarded("database", lambda: database_check(bindings.databases)),
        await guarded("measurement", measured),
        *await _checks_of(ingest),
    ]
    if is_deep:
        checks.append(await guarded("shopify", lambda: _shopify(bindings)))
    health = Health.of(checks, bindings.clock.now())
    return PlatformHealth(**dict(health), workflows=await _workflows(ingest))


async def _checks_of(ingest: Ingest) -> list[HealthCheck]:
    async def asked() -> HealthCheck:
        found.extend(Health.model_validate(await ingest.health()).checks)
        return HealthCheck(name="ingest", status="ok", detail="answers")

    found: list[HealthCheck] = []
    own = await guarded("ingest", asked)
    return [own, *(c.model_copy(update={"name": f"ingest: {c.name}"}) for c in found)]


async def _workflows(ingest: Ingest) -> list[WorkflowHealth]:
    try:
        answer = await ingest.ask("GET", "/workflows")
    except Unavailable:
        return []  # the checks say so
    return [WorkflowHealth.model_validate(state) for state in answer["workflows"]]


async def _shopify(bindings: DashboardBindings) -> HealthCheck:
    settings = bindings.settings
    try:
        async with bindings.http() as http:
            client = ShopifyClient(http, settings=settings, clock=bindings.clock, sleep=_briefly)
            shop = await client.shop()
    except Unavailable:
        raise
    except DomainError as error:  # what a person must mend, such as a token or a name
        return HealthCheck(name="shopify", status="down", detail=error.detail or error.title())
    detail = f"{shop.domain} answers as API version {SHOPIFY_API_VERSION}"
    if shop.timezone == settings.SHOP_TIMEZONE:
        return HealthCheck(name="shopify", status="ok", detail=detail)
    detail += f", in {shop.timezone}, but SHOP_TIMEZONE is {settings.SHOP_TIMEZONE}"
    return HealthCheck(name="shopify", status="degraded", detail=detail)


async def _briefly(seconds: float) -> None:
    await asyncio.sleep(min(seconds, _PATIENCE))
