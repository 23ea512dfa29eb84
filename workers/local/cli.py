"""`python -m local`: the commands of the local platform."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Final, Literal

import typer

from local import assets_commands, run_commands, shop_commands, state
from local.access_emulator import STAFF, AccessEmulator
from local.edge.commands import edge_app
from local.options import Options
from local.shopify.csv_rows import OrdersCsvInvalid
from local.signals import INTERRUPTED, until_stopped
from shared.errors import DomainError, SettingsInvalid
from shared.log import JsonFormatter
from shared.telemetry_schemas import write_schema_files

USAGE: Final = 2
FAILED: Final = 1
SMOKE_ORDERS: Final = 500
PIPELINES: Final = Path(__file__).resolve().parents[2] / "pipelines"

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="The whole commerce platform on this machine.",
)

app.add_typer(edge_app, name="edge")
app.add_typer(shop_commands.app)
app.add_typer(run_commands.app)
app.add_typer(assets_commands.app, name="assets")

StateDirectory = Annotated[
    Path, typer.Option("--state", help="Directory that keeps everything.", file_okay=False)
]
Orders = Annotated[
    int | None,
    typer.Option("--orders", min=100, max=1_000_000, help="Orders of the emulated store (2000)."),
]
Seed = Annotated[int | None, typer.Option("--seed", help="The same seed is the same store (1).")]
OrdersCsv = Annotated[
    Path | None,
    typer.Option(
        "--orders-csv",
        exists=True,
        dir_okay=False,
        readable=True,
        help="Fill the store from the orders that Shopify's admin exports.",
    ),
]
Port = Annotated[
    int | None,
    typer.Option("--port", min=1, max=65535, help="Port of the staff API (8787, or a free one)."),
]


@app.command()
def demo(
    *,
    orders: Orders = None,
    seed: Seed = None,
    orders_csv: OrdersCsv = None,
    directory: Annotated[
        Path | None,
        typer.Option(
            "--state",
            help=f"Directory that keeps everything ({state.DEFAULT}; an export has its own).",
            file_okay=False,
        ),
    ] = None,
    port: Port = None,
) -> int:
    """Sync an emulated store, measure it, show the result and keep serving."""
    options = Options.of(
        directory or state.default_for(orders_csv),
        orders=orders,
        seed=seed,
        orders_csv=orders_csv,
        port=port,
    )
    return _run("run_demo", options)


@app.command()
def serve(
    *,
    directory: StateDirectory = state.DEFAULT,
    port: Port = None,
    public_port: Annotated[int | None, typer.Option(min=1, max=65535)] = None,
    ingest_port: Annotated[int | None, typer.Option(min=1, max=65535)] = None,
    shop: Annotated[
        str | None, typer.Option(help="URL of the shop, where `local shop` runs it.")
    ] = None,
    crons: Annotated[bool, typer.Option(help="Keep the schedule.")] = True,
) -> int:
    """Serve the platform on the state it has."""
    options = Options.of(
        directory,
        port=port,
        public_port=public_port,
        ingest_port=ingest_port,
        shop_url=shop,
        crons=crons,
    )
    return _run("run_serve", options)


@app.command()
def token(
    *,
    email: Annotated[str, typer.Option(help="Whose token.")] = STAFF,
    service: Annotated[str | None, typer.Option(help="Client id of a service token.")] = None,
    directory: StateDirectory = state.DEFAULT,
) -> int:
    """Print a token that the platform of a state directory accepts for 24 hours."""
    access = AccessEmulator.of_state(Options.of(directory).state.access)
    print(access.service_token(service) if service else access.user_token(email))  # noqa: T201
    return 0


@app.command()
def smoke(
    *,
    orders: Orders = None,
    seed: Seed = None,
    directory: Annotated[
        Path | None,
        typer.Option("--state", help="Directory to keep; else a new one that is removed."),
    ] = None,
) -> int:
    """Do all that `demo` does on a small store, check the answers, and exit with 0 or 1."""
    from local.smoke import run_smoke  # noqa: PLC0415 - as in _run

    with _directory_or_new(directory) as kept:
        options = Options.of(kept, orders=orders or SMOKE_ORDERS, seed=seed, port=0)
        _log_to(options.state.log)
        return until_stopped(run_smoke(options))


@app.command()
def fire(
    cron: Annotated[str, typer.Argument(help="As in the configuration, e.g. '0 6 * * *'.")],
    *,
    at: Annotated[str | None, typer.Option(help="The minute it is for; else now.")] = None,
    directory: StateDirectory = state.DEFAULT,
) -> int:
    """Start what a cron starts, in the running platform or in one of its own."""
    return _control("fire", f"{cron} @ {at}" if at else cron, directory)


@app.command()
def replay(
    run_id: Annotated[str, typer.Argument(help="The sync run whose archive is loaded again.")],
    *,
    directory: StateDirectory = state.DEFAULT,
) -> int:
    """Load a sync run's archive again and stream its events again."""
    return _control("replay", run_id, directory)


@app.command()
def schemas(
    directory: Annotated[
        Path, typer.Argument(help="Where the files belong.", file_okay=False)
    ] = PIPELINES,
) -> int:
    """Write the streams' schema files and sink SQL from the event classes."""
    for path in write_schema_files(directory):
        typer.echo(path)
    return 0


def _control(name: str, argument: str, directory: Path) -> int:
    from local import demo as commands  # noqa: PLC0415 - as in _run

    options = Options.of(directory, port=0)
    url = AccessEmulator.of_state(options.state.access).issuer
    _log_to(options.state.log)
    typer.echo(json.dumps(until_stopped(commands.controlled(options, url, name, argument))))
    return 0


def _run(name: Literal["run_demo", "run_serve"], options: Options) -> int:
    """Run a command; its engines take a second to import, which `--help` need not wait for."""
    from local import demo as commands  # noqa: PLC0415

    _log_to(options.state.log)
    command: Callable[[Options], Coroutine[Any, Any, int]] = getattr(commands, name)
    return until_stopped(command(options), code=0)


@contextmanager
def _directory_or_new(directory: Path | None) -> Iterator[Path]:
    if directory is not None:
        yield directory
        return
    with TemporaryDirectory(prefix="smoke-") as new:
        yield Path(new)


def _log_to(path: Path) -> None:
    """Log to the state directory: the terminal is the person's."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.FileHandler(path)
    except OSError as error:
        reason = f"the state directory {path.parent} cannot be used: {error.strerror}"
        raise SettingsInvalid(reason) from error
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for noisy in ("httpx", "httpcore", "pyiceberg"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)


def main(arguments: Sequence[str]) -> int:
    """Run a command line and return its exit code; what the user can mend is one line."""
    try:
        given = list(arguments) or ["--help"]
        return int(app(args=given, prog_name="python -m local", standalone_mode=False) or 0)
    except typer.TyperException as error:
        return _failed(" ".join(error.format_message().split()), USAGE)
    except (SettingsInvalid, OrdersCsvInvalid) as error:
        return _failed(str(error), USAGE)
    except DomainError as error:
        return _failed(str(error), FAILED)
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED


def _failed(reason: str, code: int) -> int:
    print("error:", reason, file=sys.stderr)  # noqa: T201
    return code
