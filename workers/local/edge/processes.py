"""Processes that end with what started them."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from typing import Final

import httpx

from local.edge.wrangler import ROOT
from shared.errors import Unavailable

_START: Final = 240
_GRACE: Final = 10
_POLL: Final = 0.25


async def start_process(
    stack: AsyncExitStack, command: Sequence[str], environment: Mapping[str, str]
) -> asyncio.subprocess.Process:
    """Start a process; it is stopped when the stack unwinds, and all that it has started."""
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, env=environment, stdin=asyncio.subprocess.DEVNULL, process_group=0
    )
    stack.push_async_callback(_stop_process, process)
    return process


async def stop_task(task: asyncio.Task[None]) -> None:
    """Cancel a task and wait for its end."""
    task.cancel()
    await asyncio.wait([task])


async def answering(
    url: str, process: asyncio.subprocess.Process, *, headers: Mapping[str, str] | None = None
) -> None:
    """Return once a URL answers with success.

    Raises:
        Unavailable: The process ended, or it took too long; the line has the last answer.
    """
    seen = "nothing"
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        for _ in range(int(_START / _POLL)):
            if process.returncode is not None:
                raise Unavailable(f"{url}: ended with {process.returncode} before it answered")
            try:
                answer = await client.get(url, headers=dict(headers or {}))
            except httpx.HTTPError as error:
                seen = repr(error)
            else:
                if answer.is_success:
                    return
                seen = f"{answer.status_code} {answer.text[:200]}"
            await asyncio.sleep(_POLL)
    raise Unavailable(f"{url} does not answer within {_START} s; the last was {seen}")


async def _stop_process(process: asyncio.subprocess.Process) -> None:
    """Ask its group to end; whatever of it is left then (Wrangler leaves workerd) is killed."""
    if process.returncode is None:
        _signal_group(process, signal.SIGTERM)
        with suppress(TimeoutError):
            async with asyncio.timeout(_GRACE):
                await process.wait()
    _signal_group(process, signal.SIGKILL)
    await process.wait()


def _signal_group(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)
