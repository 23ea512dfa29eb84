"""`python -m local edge ...`: the commands that concern Cloudflare."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from local import state
from local.edge.wrangler import Wrangler, executable, show
from local.options import Options

edge_app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    help="Provision, deploy and develop on Cloudflare.",
)


STATE = state.DEFAULT.with_name("edge-state")
NOT_TO_BE_HAD: Final = 3
Port = Annotated[int | None, typer.Option(min=1, max=65535)]


class Environment(StrEnum):
    """Where to; development is this machine and needs neither command."""

    staging = "staging"
    production = "production"


Target = Annotated[Environment, typer.Option("--env", help="Which environment.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only show the commands.")]


@edge_app.command()
def provision(*, env: Target, dry_run: DryRun = False) -> int:
    """Create what is missing on Cloudflare; change nothing that exists."""
    from local.edge.provision import provision as run  # noqa: PLC0415 - as in the local commands

    left = run(env.value, Wrangler(dry_run=dry_run, executable=_executable(dry_run)))
    for placeholder in left:
        show(f"to be filled in by hand: <{placeholder}>")
    return 0


@edge_app.command()
def deploy(
    *,
    env: Target,
    dry_run: DryRun = False,
    secrets_file: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="KEY=VALUE lines, for a first deployment."),
    ] = None,
) -> int:
    """Migrate, vendor, deploy ingest and then the APIs, and look at the health of each."""
    from local.edge.deploy import deploy as run  # noqa: PLC0415 - as in the local commands

    wrangler = Wrangler(dry_run=dry_run, executable=_executable(dry_run))
    run(env.value, wrangler, secrets_file=secrets_file)
    return 0


@edge_app.command()
def run(
    *,
    directory: Annotated[
        Path, typer.Option("--state", help="Directory that keeps everything.", file_okay=False)
    ] = STATE,
    orders: Annotated[
        int | None, typer.Option(min=100, help="Orders of the emulated store.")
    ] = None,
    port: Port = None,
    public_port: Port = None,
    ingest_port: Port = None,
    shop: Annotated[
        str | None, typer.Option(help="URL of the shop, where `local shop` runs it.")
    ] = None,
) -> int:
    """Run the three Workers in workerd with everything they need, on this machine."""
    from local.edge.stack import run_edge  # noqa: PLC0415 - as in the local commands
    from local.signals import until_stopped  # noqa: PLC0415 - as in the local commands

    options = Options.of(
        directory,
        orders=orders,
        port=port,
        public_port=public_port,
        ingest_port=ingest_port,
        shop_url=shop,
    )
    return until_stopped(run_edge(options))


@edge_app.command()
def ready() -> int:
    """Fetch what `run` needs; exit with 3 and one line if it cannot be had."""
    from local.edge.bundle import BundleUnavailable, DriverUnavailable  # noqa: PLC0415 - as above
    from local.edge.stack import prepare  # noqa: PLC0415 - as in the local commands

    try:
        prepare()
    except (BundleUnavailable, DriverUnavailable) as error:
        typer.echo(f"error: {error}", err=True)
        return NOT_TO_BE_HAD
    return 0


def _executable(dry_run: bool) -> tuple[str, ...]:
    return () if dry_run else executable()


if __name__ == "__main__":
    sys.exit(edge_app())
