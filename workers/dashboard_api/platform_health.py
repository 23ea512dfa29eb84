"""The platform's health: what dashboard-api can see itself, and what ingest says of its own."""

from __future__ import annotations

from dashboard_api.bindings import DashboardBindings
from dashboard_api.ingest import Ingest
from shared.health.checks import database_check, guarded
from shared.health.models import Health, HealthCheck


async def platform_health(bindings: DashboardBindings, ingest: Ingest) -> Health:
    """Return the worst of our checks and ingest's."""

    async def measured() -> HealthCheck:
        summary = await bindings.measurement.query("summary", {})
        detail = f"{summary['products']} products as of {summary['as_of'] or 'never'}"
        return HealthCheck(name="measurement", status="ok", detail=detail)

    checks = [
        await guarded("database", lambda: database_check(bindings.databases)),
        await guarded("measurement", measured),
        *await _checks_of(ingest),
    ]
    return Health.of(checks, bindings.clock.now())


async def _checks_of(ingest: Ingest) -> list[HealthCheck]:
    async def asked() -> HealthCheck:
        found.extend(Health.model_validate(await ingest.health()).checks)
        return HealthCheck(name="ingest", status="ok", detail="answers")

    found: list[HealthCheck] = []
    own = await guarded("ingest", asked)
    return [own, *(c.model_copy(update={"name": f"ingest: {c.name}"}) for c in found)]
