"""Processes of their own session, so that a kill reaches all that they have started."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, STDOUT, Process
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).parents[2]
GRACE = 40.0


class ProcessEnded(RuntimeError):
    """A process ended that was to go on; the message has the end of its output."""


class Command:
    """A `python -m local ...` that runs until it is stopped or killed."""

    def __init__(self, *arguments: str, log: Path) -> None:
        self.arguments = arguments
        self.log = log
        self._process: Process | None = None

    async def start(self) -> None:
        """Start it."""
        with self.log.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "local", *self.arguments,
                stdin=DEVNULL, stdout=output, stderr=STDOUT, cwd=ROOT, start_new_session=True,
                env=os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'workers'}", "COLUMNS": "120"},
            )  # fmt: skip

    def check(self) -> None:
        """Raise if it has ended."""
        if self._process is None or self._process.returncode is not None:
            tail = self.log.read_text(errors="replace")[-3000:]
            raise ProcessEnded(f"{' '.join(self.arguments[:2])} ended:\n{tail}")

    async def kill(self) -> None:
        """Kill -9 everything of its session."""
        await self._kill_all()

    async def stop(self) -> None:
        """Ask it to end; what has not ended in time is killed."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        with suppress(TimeoutError):
            async with asyncio.timeout(GRACE):
                await process.wait()
        await self._kill_all()

    async def _kill_all(self) -> None:
        process = self._process
        if process is None:
            return
        while left := session_of(process.pid):
            for pid in left:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            await asyncio.sleep(0.02)
        await process.wait()


def session_of(leader: int) -> list[int]:
    """Return the living processes of a session, whatever group they are in."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, _, session = path.read_text().rpartition(")")[2].split()[:4]
            if int(session) == leader and state not in {"Z", "X"}:
                found.append(int(path.parent.name))
    return found


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports
