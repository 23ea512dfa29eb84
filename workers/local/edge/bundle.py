"""workerd's Python bundle: kept in a disk cache, so that it is downloaded once."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import httpx

from local.edge.wrangler import ROOT
from shared.errors import SettingsInvalid, Unavailable

HOST: Final = "https://pyodide-capnp-bin.edgeworker.net"
BUNDLE: Final = "pyodide_314.0.6_2026-08-17_11.capnp.bin"
CACHE_FOLDER: Final = "EDGE_BUNDLE_CACHE"
WORKERD: Final = "EDGE_WORKERD"
FLAGS: Final = "EDGE_COMPATIBILITY_FLAGS"
_DEFAULT_FOLDER: Final = ROOT / ".local" / "pyodide-bundles"


def cache_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Return where the bundle is kept."""
    return Path(environment.get(CACHE_FOLDER) or _DEFAULT_FOLDER).absolute()


def ensure_bundle(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the cache folder once it holds a bundle, downloading it if it must.

    Raises:
        Unavailable: It is neither there nor to be had; the line says what to do.
    """
    folder = cache_folder(environment)
    if any(folder.glob("pyodide_*.capnp.bin")):
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f"{BUNDLE}.partial"
    try:
        with httpx.stream("GET", f"{HOST}/{BUNDLE}", timeout=60, follow_redirects=True) as answer:
            answer.raise_for_status()
            with partial.open("wb") as file:
                for chunk in answer.iter_bytes():
                    file.write(chunk)
        partial.rename(folder / BUNDLE)
    except httpx.HTTPError as error:
        partial.unlink(missing_ok=True)
        raise Unavailable(
            f"the Python bundle of workerd cannot be had ({type(error).__name__}): connect once to"
            f" {HOST}, or put {BUNDLE} into {folder} (or name its folder in {CACHE_FOLDER})"
        ) from error
    return folder


def wrapper(folder: Path, environment: Mapping[str, str] = os.environ) -> Path:
    """Write the script that starts workerd with the cache, for MINIFLARE_WORKERD_PATH.

    Raises:
        SettingsInvalid: There is no workerd.
    """
    script = folder / "workerd"
    script.write_text(
        "#!/bin/sh\n"
        "# workerd with its Python bundle from the disk.\n"
        f"workerd='{_workerd(environment)}'\n"
        '[ "$1" = serve ] || exec "$workerd" "$@"\n'
        "shift\n"
        f'exec "$workerd" serve \'--pyodide-bundle-disk-cache-dir={folder}\' "$@"\n',
        encoding="utf-8",
    )
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return script


def extra_flags(environment: Mapping[str, str] = os.environ) -> list[str]:
    """Return further compatibility flags, separated by commas in the environment."""
    return [flag for flag in environment.get(FLAGS, "").split(",") if flag]


def _workerd(environment: Mapping[str, str]) -> Path:
    if given := environment.get(WORKERD):
        return Path(given)
    found = sorted((ROOT / "node_modules" / "@cloudflare").glob("workerd-*/bin/workerd"))
    if not found:
        raise SettingsInvalid("workerd is not installed: run `npm ci`")
    return found[0]
