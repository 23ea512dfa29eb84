"""The commands about a shop: its webhook subscriptions, its installation, its health."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Annotated, Final

import httpx
import typer

from local import state
from local.access_emulator import AccessEmulator
from local.deployment import LOCAL, Deployment, deployment
from local.options import Options
from local.signals import until_stopped
from shared.adapters.embedded.database import AsyncpgDatabases
from shared.clock import SystemClock
from shared.integrations.shopify.client import ShopifyClient
from shared.integrations.shopify.oauth import install_link
from shared.ports import JsonObject
from shared.webhooks.subscriptions import (
    as_documents,
    audit_subscriptions,
    is_right,
    webhook_address,
)

app = typer.Typer(add_completion=False, rich_markup_mode=None)
webhooks = typer.Typer(rich_markup_mode=None, help="The shop's webhook subscriptions.")
app.add_typer(webhooks, name="webhooks")

Environment = Annotated[
    str, typer.Option("--env", help="local, or an environment of wrangler.ingest.toml.")
]
StateDirectory = Annotated[
    Path, typer.Option("--state", help="Directory that keeps everything.", file_okay=False)
]
_WELL: Final = 0
_ILL: Final = 1


@webhooks.command()
def create(*, env: Environment = LOCAL, directory: StateDirectory = state.DEFAULT) -> int:
    """Subscribe to what is missing, and mend what is wrong."""
    return _webhooks("create", env, directory)


@webhooks.command()
def audit(*, env: Environment = LOCAL, directory: StateDirectory = state.DEFAULT) -> int:
    """Say what is missing or wrong; exit with 1 if anything is."""
    return _webhooks("audit", env, directory)


@app.command()
def doctor(*, env: Environment = LOCAL, directory: StateDirectory = state.DEFAULT) -> int:
    """Look at all that a deployment depends on; exit with 1 if anything is wrong."""
    if env == LOCAL:
        found = _ask("doctor", "", directory)
    else:
        found = until_stopped(_examine(deployment(env)))
    for line in found["lines"]:
        typer.echo(line)
    return _WELL if found["is_well"] else _ILL


@app.command()
def shop(
    *,
    directory: StateDirectory = state.DEFAULT,
    orders: Annotated[int | None, typer.Option(min=100, max=1_000_000)] = None,
    seed: int | None = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535)] = None,
    retry_scale: Annotated[
        float, typer.Option(min=0, max=1, help="Of the 4 hours that failed deliveries retry.")
    ] = 1,
) -> int:
    """Run the emulated shop of a state directory alone, with its test controls."""
    from local.emulated_shop import run_shop  # noqa: PLC0415 - the others need it not

    options = Options.of(directory, orders=orders, seed=seed, port=port)
    return until_stopped(run_shop(options, retry_scale, typer.echo), code=0)


@app.command()
def install(*, env: Environment) -> int:
    """Print the address at which a merchant installs the app; it holds for an hour."""
    typer.echo(install_link(deployment(env).settings, SystemClock().now()))
    return _WELL


def _webhooks(action: str, env: str, directory: Path) -> int:
    if env == LOCAL:
        found = _ask("webhooks", action, directory)
    else:
        found = until_stopped(_audit(deployment(env), mend=action == "create"))
    for finding in found["findings"]:
        mended = ", mended" if finding["is_mended"] else ""
        detail = f" ({finding['detail']})" if finding["detail"] else ""
        typer.echo(f"{finding['topic']}: {finding['state']}{mended}{detail}")
    typer.echo(f"deliveries go to {found['address']}")
    return _WELL if found["is_right"] else _ILL


def _ask(control: str, argument: str, directory: Path) -> JsonObject:
    """Ask the platform of this machine; its engines take a second to import."""
    from local import demo as commands  # noqa: PLC0415

    logging.getLogger("httpx").setLevel(logging.WARNING)
    options = Options.of(directory, port=0)
    url = AccessEmulator.of_state(options.state.access).issuer
    return until_stopped(commands.controlled(options, url, control, argument))


async def _audit(found: Deployment, *, mend: bool) -> JsonObject:
    address = webhook_address(found.settings.INGEST_URL or "")
    async with _http() as http:
        client = ShopifyClient(http, settings=found.settings, clock=SystemClock())
        findings = await audit_subscriptions(client, address, mend=mend)
    right = is_right([finding for finding in findings if finding.state != "not granted"])
    return {"address": address, "is_right": right, "findings": as_documents(findings)}


async def _examine(found: Deployment) -> JsonObject:
    from local.doctor import Patient, examine, report  # noqa: PLC0415 - as in _ask

    url = os.environ.get("DATABASE_URL")
    databases = AsyncpgDatabases(url) if url else None
    try:
        patient = Patient(
            found.settings,
            SystemClock(),
            _http,
            is_local=False,
            hyperdrive_id=found.hyperdrive_id,
            databases=databases,
        )
        return report(await examine(patient))
    finally:
        if databases is not None:
            await databases.close()


def _http() -> httpx.AsyncClient:
    return httpx.AsyncClient(timeout=30, trust_env=True)
