"""Fills `python_modules/` with what the Workers ship: the locked wheels for Pyodide.

Everything comes from the package index that pip is configured with, checked by hash. Only asyncpg's
WebAssembly wheel is usually not there: EDGE_DRIVER_WHEEL names a file that is it, or pip finds it
(set PIP_FIND_LINKS to a folder that holds it, or PIP_EXTRA_INDEX_URL), else one line says what to
do. `pywrangler sync` fills the same folder from Pyodide's own index.

    python workers/vendor.py            what the wasm tests need
    python workers/vendor.py --driver   and the database driver, which a deployment needs
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "locks" / "edge.txt"
TARGET = ROOT / "python_modules"
STAMP = ROOT / "build" / "python_modules.sha256"
ABI = ["--platform", "pyemscripten_2026_0_wasm32", "--python-version", "3.14"]
DRIVER = "asyncpg"
WHEEL = "EDGE_DRIVER_WHEEL"
_SHIPPED_METADATA = "METADATA"


def main(arguments: list[str]) -> int:
    """Vendor what is missing; 1 if the database driver was asked for and cannot be had."""
    try:
        vendor()
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip().splitlines() or ["no output"]
        sys.stderr.write(f"vendor: pip failed: {said[-1]}\n")
        return 1
    if "--driver" not in arguments:
        return 0
    if given := os.environ.get(WHEEL):
        return _unpack(Path(given))
    if (TARGET / DRIVER).is_dir() or _add_driver():
        return 0
    sys.stderr.write(
        f"vendor: no {DRIVER} wheel for Pyodide in the configured indexes: name its file in {WHEEL}"
        ", set PIP_FIND_LINKS to a folder with it, or run `pywrangler sync`\n"
    )
    return 1


def vendor() -> Path:
    """Fill the folder unless it already holds what the lock says; return it."""
    digest = hashlib.sha256(LOCK.read_bytes() + Path(__file__).read_bytes()).hexdigest()
    if not (TARGET.is_dir() and STAMP.exists() and STAMP.read_text() == digest):
        shutil.rmtree(TARGET, ignore_errors=True)
        _install(["--require-hashes", "--requirement", str(LOCK)])
        _trim()
        STAMP.parent.mkdir(exist_ok=True)
        STAMP.write_text(digest)
    return TARGET


def _install(wanted: list[str]) -> None:
    subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
         "--no-deps", "--no-compile", "--only-binary", ":all:", *ABI,
         "--target", str(TARGET), *wanted],
        check=True,
        capture_output=True,
    )  # fmt: skip


def _add_driver() -> bool:
    try:
        _install([DRIVER])
    except subprocess.CalledProcessError:
        return False
    _trim()
    return True


def _unpack(wheel: Path) -> int:
    """Put a wheel's files in place, in the stead of another version; a wheel is a ZIP archive."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            archive.getinfo(f"{DRIVER}/__init__.py")
            shutil.rmtree(TARGET / DRIVER, ignore_errors=True)
            for old in TARGET.glob(f"{DRIVER}-*.dist-info"):
                shutil.rmtree(old)
            archive.extractall(TARGET)
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        sys.stderr.write(f"vendor: {WHEEL} names {wheel}, which cannot be used: {error}\n")
        return 1
    _trim()
    return 0


def _trim() -> None:
    """Drop what no Worker reads; METADATA stays, the SDK reads versions from it."""
    shutil.rmtree(TARGET / "bin", ignore_errors=True)
    for metadata in TARGET.glob("*.dist-info"):
        for path in sorted(metadata.rglob("*"), reverse=True):
            if path.is_dir():
                path.rmdir()
            elif path.name != _SHIPPED_METADATA:
                path.unlink()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
