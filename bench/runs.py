"""Runs each bench in a process and a directory of its own, for a bounded time."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Final

from local.postgres import PostgresServer

from bench.timing import Outcome

BENCHES: Final = {
    "sync": 3_000,
    "refresh": 2_400,
    "history": 2_400,
    "memory": 5_400,
    "webhooks": 3_600,
    "events": 1_800,
    "staff_api": 1_800,
}
"""Names, which are those of modules with a function `run`, and seconds that each may take: several
times what an idle machine of two processors needs, which is 25 minutes for all."""
_PATIENCE: Final = 30.0


class BenchFailed(Exception):
    """A bench broke off, or took longer than it may."""


def run_bench(name: str, *, quick: bool) -> Outcome:
    """Run a bench and return what it found.

    Raises:
        BenchFailed: It broke off; what it printed says why.
    """
    print(f"{name}: {'quick' if quick else 'full'} run", flush=True)
    directory = Path(tempfile.mkdtemp(prefix=f"bench-{name}-"))
    directory.chmod(0o755)  # PostgreSQL may run as another account
    result = directory / "outcome.json"
    command = [sys.executable, "-m", "bench.runs", name, str(directory), str(result)]
    begun = time.monotonic()
    process = subprocess.Popen([*command, "quick" if quick else "full"], start_new_session=True)
    try:
        code = process.wait(BENCHES[name])
        if code != 0:
            raise BenchFailed(f"{name}: broke off with exit code {code}")
        found = json.loads(result.read_text())
    except subprocess.TimeoutExpired:
        raise BenchFailed(f"{name}: stopped after {BENCHES[name]} seconds") from None
    finally:
        _end(process)
        _clean(directory)
    print(f"{name}: took {time.monotonic() - begun:.0f} s", flush=True)
    return Outcome(**found)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End what is left of the bench: first so that it can clean up, then in any case."""
    for number in (signal.SIGINT, signal.SIGKILL):
        if process.poll() is not None:
            return
        os.killpg(process.pid, number)
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            continue


def _clean(directory: Path) -> None:
    for cluster in directory.glob("**/cluster"):
        PostgresServer("", cluster).stop()  # does nothing where the bench stopped it
    shutil.rmtree(directory, ignore_errors=True)


def _child(name: str, directory: str, result: str, size: str) -> None:
    bench = importlib.import_module(f"bench.{name}")
    outcome = bench.run(Path(directory), quick=size == "quick")
    Path(result).write_text(json.dumps(asdict(outcome)))


if __name__ == "__main__":
    _child(*sys.argv[1:])
