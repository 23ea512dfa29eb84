"""`python -m local edge ...`: the commands that concern Cloudflare."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

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
    port: Annotated[int | None, typer.Option(help="Port of dashboard-api (8787).")] = None,
) -> int:
    """Run the three Workers in workerd with everything they need, on this machine."""
    from local.edge.stack import run_edge  # noqa: PLC0415 - as in the local commands
    from local.signals import until_stopped  # noqa: PLC0415 - as in the local commands

    return until_stopped(run_edge(Options.of(directory, orders=orders, port=port)))


def _executable(dry_run: bool) -> tuple[str, ...]:
    return () if dry_run else executable()


if __name__ == "__main__":
    sys.exit(edge_app())
