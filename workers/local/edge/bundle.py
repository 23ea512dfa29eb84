"""workerd's Python bundle: kept in a disk cache, so that it is downloaded once."""

from __future__ import annotations

import base64
import hashlib
import os
import shlex
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import httpx

from local.edge.wrangler import ROOT
from shared.errors import SettingsInvalid, Unavailable

HOST: Final = "https://pyodide-capnp-bin.edgeworker.net"
BUNDLE: Final = "pyodide_314.0.6_2026-08-17_11.capnp.bin"
"""What the compatibility date of the configurations asks for."""
DIGEST: Final = "NItCLHMj/EjOzDcedzbUDicMYO9n9q0loNUX4scRvbE="
"""Its SHA-256 as workerd expects it; a bundle with another one does not start."""
CACHE_FOLDER: Final = "EDGE_BUNDLE_CACHE"
WORKERD: Final = "EDGE_WORKERD"
FLAGS: Final = "EDGE_COMPATIBILITY_FLAGS"
DATE: Final = "EDGE_COMPATIBILITY_DATE"
_DEFAULT_FOLDER: Final = ROOT / ".local" / "pyodide-bundles"
_NAMES: Final = "pyodide_*.capnp.bin"


class BundleUnavailable(Unavailable):
    """workerd's Python bundle cannot be had."""


class DriverUnavailable(Unavailable):
    """asyncpg's wheel for WebAssembly cannot be had."""


def cache_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Return where the bundle is kept."""
    return Path(environment.get(CACHE_FOLDER) or _DEFAULT_FOLDER).absolute()


def ensure_bundle(
    environment: Mapping[str, str] = os.environ, *, host: str = HOST, digest: str = DIGEST
) -> Path:
    """Return the cache folder once it holds the bundle, downloading it if it must.

    Another workerd, date or flag asks for another bundle than ours, whose name only workerd knows:
    any bundle in the folder counts then, and what is missing workerd downloads itself.

    Raises:
        BundleUnavailable: It is neither there nor to be had; the line says what to do.
    """
    folder = cache_folder(environment)
    if any(environment.get(name) for name in (WORKERD, FLAGS, DATE)) and any(folder.glob(_NAMES)):
        return folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / BUNDLE).exists():
            _download(f"{host}/{BUNDLE}", folder / BUNDLE)
        _check(folder / BUNDLE, digest)
    except (httpx.HTTPError, OSError) as error:
        raise BundleUnavailable(
            f"the Python bundle of workerd cannot be had ({type(error).__name__}): connect once to"
            f" {host}, or put {BUNDLE} into {folder} (or name its folder in {CACHE_FOLDER})"
        ) from error
    return folder


def wrapper(folder: Path, environment: Mapping[str, str] = os.environ) -> Path:
    """Write the script that starts workerd with the cache, for MINIFLARE_WORKERD_PATH.

    Raises:
        SettingsInvalid: There is no workerd.
    """
    script = _script_folder(folder) / "workerd"
    beside = script.with_name(f"workerd.{os.getpid()}")
    cache = shlex.quote(f"--pyodide-bundle-disk-cache-dir={folder}")
    beside.write_text(
        "#!/bin/sh\n"
        "# workerd with its Python bundle from the disk.\n"
        f"workerd={shlex.quote(str(_workerd(environment)))}\n"
        '[ "$1" = serve ] || exec "$workerd" "$@"\n'
        "shift\n"
        f'exec "$workerd" serve {cache} "$@"\n',
        encoding="utf-8",
    )
    beside.chmod(beside.stat().st_mode | stat.S_IXUSR)
    beside.replace(script)
    return script


def extra_flags(environment: Mapping[str, str] = os.environ) -> list[str]:
    """Return further compatibility flags, separated by commas in the environment."""
    return [flag.strip() for flag in environment.get(FLAGS, "").split(",") if flag.strip()]


def _download(url: str, target: Path) -> None:
    partial = target.with_name(f"{target.name}.{os.getpid()}.partial")
    try:
        with httpx.stream("GET", url, timeout=60, follow_redirects=True) as answer:
            answer.raise_for_status()
            with partial.open("wb") as file:
                for chunk in answer.iter_bytes():
                    file.write(chunk)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def _check(path: Path, digest: str) -> None:
    with path.open("rb") as file:
        found = base64.b64encode(hashlib.file_digest(file, "sha256").digest()).decode()
    if found != digest:
        raise BundleUnavailable(
            f"{path} is not the Python bundle that workerd expects (its SHA-256 is {found}):"
            " remove it, and it is downloaded again"
        )


def _script_folder(folder: Path) -> Path:
    """Return where the script goes: beside the bundle, or elsewhere if nothing can be added."""
    if os.access(folder, os.W_OK):
        return folder
    _DEFAULT_FOLDER.mkdir(parents=True, exist_ok=True)
    return _DEFAULT_FOLDER


def _workerd(environment: Mapping[str, str]) -> Path:
    if given := environment.get(WORKERD):
        if not os.access(given, os.X_OK):
            raise SettingsInvalid(f"{WORKERD} names {given}, which cannot be run")
        return Path(given).absolute()
    found = sorted((ROOT / "node_modules" / "@cloudflare").glob("workerd-*/bin/workerd"))
    if not found:
        raise SettingsInvalid("workerd is not installed: run `npm ci`")
    return found[0]
