"""`python -m local assets ...`: take files over from Dropbox, audit metafields, mend types."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from local import state
from local.run_commands import StateDirectory, ask

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    help="Design assets: take over from Dropbox, audit, mend.",
)
BATCH: Final = 100


@app.command()
def ingest(
    product: Annotated[str, typer.Argument(help="The product's id, prd_...")],
    link: Annotated[str, typer.Argument(help="A Dropbox share link.")],
    *,
    directory: StateDirectory = state.DEFAULT,
) -> int:
    """Take one file over for a product, and wait for it."""
    return ask("asset-ingest", f"{product} {link}", directory)


@app.command()
def share(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
    *,
    directory: StateDirectory = state.DEFAULT,
) -> int:
    """Put a file into the emulated Dropbox of a state directory and print its share link."""
    from local.dropbox_emulator import DropboxEmulator  # noqa: PLC0415 - it imports a web server

    dropbox = DropboxEmulator(state.State(directory).dropbox)
    dropbox.directory.mkdir(parents=True, exist_ok=True)
    (dropbox.directory / file.name).write_bytes(file.read_bytes())
    typer.echo(dropbox.link(file.name))
    return 0


@app.command()
def backfill(
    *,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = BATCH,
    directory: StateDirectory = state.DEFAULT,
) -> int:
    """Take over the files whose products' metafields still lead to Dropbox."""
    return ask("asset-backfill", str(limit), directory)


@app.command()
def audit(*, directory: StateDirectory = state.DEFAULT) -> int:
    """Compare every product's metafield with its assets."""
    return ask("asset-audit", "", directory)


@app.command()
def repair(*, directory: StateDirectory = state.DEFAULT) -> int:
    """Give every stored asset the content type of its bytes."""
    return ask("asset-repair", "", directory)
