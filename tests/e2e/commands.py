"""Runs `python -m local` as a person would: in a process of its own."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATIENCE = 240.0


async def start(*arguments: str, **environment: str) -> Process:
    """Start a command; both its outputs arrive on one pipe."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "local",
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=PIPE,
        stderr=STDOUT,
        cwd=ROOT,
        env=os.environ
        | {"PYTHONPATH": f"{ROOT}:{ROOT / 'workers'}", "COLUMNS": "120"}
        | environment,
    )


async def run(*arguments: str, **environment: str) -> tuple[int, str]:
    """Run a command to its end and return its exit code and output."""
    process = await start(*arguments, **environment)
    async with asyncio.timeout(PATIENCE):
        output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


async def read_until(process: Process, text: str) -> str:
    """Return what the process printed up to the line that contains the text."""
    assert process.stdout is not None
    seen = ""
    async with asyncio.timeout(PATIENCE):
        while text not in seen:
            line = await process.stdout.readline()
            assert line, f"ended before {text!r}:\n{seen}"
            seen += line.decode()
    return seen


@asynccontextmanager
async def running(*arguments: str, **environment: str) -> AsyncIterator[Process]:
    """Hold a running command for the block; it is killed if it does not end by itself."""
    process = await start(*arguments, **environment)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


def processes_of(state: Path) -> list[str]:
    """Return the command lines of processes that name the state directory."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(state) in line:
            found.append(line)
    return found
