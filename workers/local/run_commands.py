"""The commands about runs: start one, retry what failed, see and replay dead letters, clean up."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Annotated, Final

import typer

from local import state
from local.access_emulator import AccessEmulator
from local.options import Options
from local.signals import until_stopped

app = typer.Typer(add_completion=False, rich_markup_mode=None)
StateDirectory = Annotated[
    Path, typer.Option("--state", help="Directory that keeps everything.", file_okay=False)
]
_DAY: Final = 24.0


@app.command()
def start(
    job: Annotated[str, typer.Argument(help='A job, e.g. \'{"job_type": "PRODUCT_TAG_SYNC"}\'.')],
    *,
    directory: StateDirectory = state.DEFAULT,
) -> int:
    """Start the Workflow of a job, and wait for its end."""
    return ask("start", job, directory)


@app.command()
def retry_failed(
    *,
    hours: Annotated[float, typer.Option(min=0, help="How far to look back.")] = _DAY,
    directory: StateDirectory = state.DEFAULT,
) -> int:
    """Try every failed run again."""
    return ask("retry-failed", str(hours), directory)


@app.command()
def letters(
    *,
    replay: Annotated[bool, typer.Option("--replay", help="Queue them again.")] = False,
    directory: StateDirectory = state.DEFAULT,
) -> int:
    """Show what the queue gave up, with the reason."""
    return ask("letters", "replay" if replay else "list", directory)


@app.command()
def clean_up(*, directory: StateDirectory = state.DEFAULT) -> int:
    """Remove exports, imports and answered requests that are past their use."""
    return ask("clean-up", "", directory)


def ask(control: str, argument: str, directory: Path) -> int:
    """Ask the platform of this machine and print its answer; its engines take long to import."""
    from local import demo as commands  # noqa: PLC0415

    logging.getLogger("httpx").setLevel(logging.WARNING)
    options = Options.of(directory, port=0)
    url = AccessEmulator.of_state(options.state.access).issuer
    found = until_stopped(commands.controlled(options, url, control, argument))
    typer.echo(json.dumps(found, indent=2))
    return 0
