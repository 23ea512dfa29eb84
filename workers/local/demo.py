"""The commands that run the platform: demo, smoke and serve."""

from __future__ import annotations

import asyncio
from typing import Final

from rich.console import Console

from local.controls import CONTROLS, ask_running
from local.options import Options
from local.platform import Platform, running
from local.screen import Screen
from local.staff import Staff, finished_all, staff_of
from local.state import StateInUse
from shared.errors import Unavailable
from shared.ids import new_id
from shared.jobs import MeasurementDatasetRefresh, job_message
from shared.ports import JsonObject

STOPPED: Final = 0


async def run_demo(options: Options) -> int:
    """Sync and measure the store, show what came out, and serve until stopped."""
    screen = Screen(Console())
    async with running(options, screen.starting) as platform:
        async with staff_of(platform) as staff:
            await synced_and_measured(platform, staff, screen)
            await screen.show_products(staff)
        screen.show_addresses(platform)
        await asyncio.Event().wait()
    return STOPPED


async def run_serve(options: Options) -> int:
    """Serve the platform on the state it has, until stopped."""
    screen = Screen(Console())
    async with running(options, screen.starting, crons=options.crons) as platform:
        screen.show_addresses(platform)
        await asyncio.Event().wait()
    return STOPPED


async def synced_and_measured(platform: Platform, staff: Staff, screen: Screen) -> None:
    """Run both Workflows as staff and cron would, with their progress on the screen.

    Raises:
        Unavailable: A run failed; its summary says why.
    """
    with screen.progress() as progress:
        runs = await staff.sync()
        ended = await asyncio.gather(
            *(staff.finished(run_id, watch=progress.sync(name)) for name, run_id in runs.items())
        )
        _check(ended)
        progress.landing(await platform.lander.flush())
        refresh = new_id("run")
        await platform.ingest.queue.send(job_message(MeasurementDatasetRefresh(run_id=refresh)))
        _check([await staff.finished(refresh, watch=progress.refresh())])


def _check(runs: list[JsonObject]) -> None:
    for run in runs:
        if run["status"] != "complete":
            raise Unavailable(f"run {run['run_id']} {run['status']}: {run.get('reason', '')}")


async def controlled(options: Options, url: str, control: str, argument: str) -> JsonObject:
    """Ask the platform that runs on this state, or else one of this command's own.

    Raises:
        DomainError: It cannot be done; one line says why.
    """
    try:
        async with running(options, crons=False) as platform:
            answer = await CONTROLS[control](platform.ingest, argument)
            async with staff_of(platform) as staff:
                ended = await finished_all(staff, answer.get("runs", []))
            return answer | ({"summaries": ended} if ended else {})
    except StateInUse:
        return await ask_running(url, options.state.secret("control"), control, argument)
