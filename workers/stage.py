"""Assembles `build/<worker>/` for Wrangler: that worker, `shared`, and nothing of the local side.

Wrangler ships every Python file below the folder of `main`, follows no linked folder and takes no
rule for Python; so the folder has to hold exactly what the Worker is. Only files whose bytes differ
are written, so that a running `wrangler dev` reloads what was edited and nothing else.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORKERS = ("dashboard_api", "ingest", "platform_api")
LOCAL_ONLY = ("shared/adapters/embedded", "shared/adapters/lake")
_LEFT_OUT = {"__pycache__", "tests", "conftest.py"}
_ENTRY = "entry.py"


def staged_files(worker: str, root: Path = ROOT) -> dict[Path, Path]:
    """Return source by target, the targets relative to the module root."""
    package = root / "workers" / worker
    files = {Path(_ENTRY): package / _ENTRY}
    files |= {Path(module.name): module for module in (root / "workers").glob("*.mjs")}
    for path in _files(package):
        if path != package / _ENTRY:
            files[path.relative_to(root / "workers")] = path
    for path in _files(root / "shared"):
        target = path.relative_to(root)
        if not target.as_posix().startswith(tuple(f"{folder}/" for folder in LOCAL_ONLY)):
            files[target] = path
    return files


def stage(worker: str, root: Path = ROOT) -> Path:
    """Bring `build/<worker>/` up to date and return it."""
    target = root / "build" / worker
    files = staged_files(worker, root)
    for relative, source in files.items():
        _write(target / relative, source.read_bytes())
    for path in list(_files(target)):
        if path.relative_to(target) not in files:
            path.unlink()
    return target


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not _LEFT_OUT.intersection(path.relative_to(folder).parts):
            yield path


def _write(path: Path, content: bytes) -> None:
    if path.exists() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def main(arguments: list[str]) -> int:
    """Stage the named workers."""
    unknown = [name for name in arguments if name not in WORKERS]
    if unknown or not arguments:
        sys.stderr.write(f"stage: name workers out of {', '.join(WORKERS)}\n")
        return 2
    for name in arguments:
        stage(name)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
