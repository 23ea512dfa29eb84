"""`wrangler dev` for the three Workers at once, with a router before them.

Of several configurations Wrangler gives only the first a port, and hands only the first the options
of its command line: state and port go there, everything that concerns a Worker goes by its own
configuration and the environment. Queues, Workflows and Durable Objects join the Workers because
all run in one workerd; separate processes would share none of them.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from local.edge.bundle import DATE, extra_flags
from local.edge.wrangler import CONFIGURATIONS, ROOT, executable
from shared.errors import SettingsInvalid

ROUTER: Final = Path(__file__).with_name("router.mjs")
INTERNAL: Final = "Internal"
_FLAGS_LINE: Final = re.compile(r"^compatibility_flags = \[(.*)\]$", re.MULTILINE)
_DATE_LINE: Final = re.compile(r'^compatibility_date = ".*"$', re.MULTILINE)
_BINDINGS: Final = {
    "wrangler.ingest.toml": "INGEST",
    "wrangler.dashboard.toml": "DASHBOARD",
    "wrangler.platform.toml": "PLATFORM",
}


def script_names(root: Path = ROOT) -> dict[str, str]:
    """Return the name of each Worker in development by the router's binding."""
    return {
        binding: tomllib.loads((root / name).read_text(encoding="utf-8"))["name"]
        for name, binding in _BINDINGS.items()
    }


@contextmanager
def configurations(
    root: Path = ROOT, environment: Mapping[str, str] = os.environ
) -> Iterator[list[Path]]:
    """Give the configurations to run: ours, or copies beside them where more flags are wanted.

    A copy has to stand beside: Wrangler looks for `python_modules` and `main` from there.

    Raises:
        SettingsInvalid: A `.dev.vars` would hide the environment from every Worker.
    """
    if (root / ".dev.vars").exists():
        raise SettingsInvalid(
            f"{root / '.dev.vars'} hides what the Workers are told here: move it out of the way"
        )
    flags, date = extra_flags(environment), environment.get(DATE)
    if not flags and not date:
        yield [root / name for name in CONFIGURATIONS]
        return
    copies = [root / f".{name.removesuffix('.toml')}.{os.getpid()}.toml" for name in CONFIGURATIONS]
    try:
        for name, copy in zip(CONFIGURATIONS, copies, strict=True):
            text = (root / name).read_text(encoding="utf-8")
            copy.write_text(_changed(text, flags, date), encoding="utf-8")
        yield copies
    finally:
        for copy in copies:
            copy.unlink(missing_ok=True)


def router_configuration(directory: Path, names: Mapping[str, str]) -> Path:
    """Write the configuration of the router and return its path."""
    services = [{"binding": binding, "service": name} for binding, name in names.items()]
    services.append({"binding": "INTERNAL", "service": names["INGEST"], "entrypoint": INTERNAL})
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "wrangler.json"
    content = {
        "name": "edge-router-dev",
        "main": str(ROUTER),
        "compatibility_date": "2026-11-17",
        "services": services,
    }
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def dev_command(router: Path, workers: list[Path], *, port: int | None, state: Path) -> list[str]:
    """Return the command; the router is the first, so the port is its."""
    named = [part for path in (router, *workers) for part in ("-c", str(path))]
    return [
        *executable(), "dev", *named, "--ip", "127.0.0.1", "--port", str(port),
        "--persist-to", str(state), "--show-interactive-dev-session=false",
    ]  # fmt: skip


def dev_environment(state: Path) -> dict[str, str]:
    """Return what keeps Wrangler to itself: no outside calls, no meeting with other sessions."""
    return {
        "WRANGLER_SEND_METRICS": "false",
        "CLOUDFLARE_CF_FETCH_ENABLED": "false",
        "CLOUDFLARE_DEV_REGISTRY_PATH": str(state / "registry"),
        "CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV": "true",
        "X_LOCAL_EXPLORER": "true",
        "X_LOCAL_OBSERVABILITY": "false",
    }


def _changed(text: str, flags: list[str], date: str | None) -> str:
    more = "".join(f', "{flag}"' for flag in flags)
    text = _FLAGS_LINE.sub(rf"compatibility_flags = [\1{more}]", text, count=1)
    return _DATE_LINE.sub(f'compatibility_date = "{date}"', text, count=1) if date else text
