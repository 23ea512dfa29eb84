"""What a developer may ask about runs by hand: start a job, retry what failed, clean up."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import timedelta
from typing import Any, Final

from ingest.bindings import IngestBindings
from ingest.queue import describe
from ingest.starts import start_job

from shared.clock import format_instant
from shared.errors import InvalidInput
from shared.ids import new_id
from shared.jobs import parse_job
from shared.ports import JsonObject
from shared.sync.clean_up import clean_up
from shared.sync.dead_letters import list_dead_letters, replay_dead_letter
from shared.sync.runs import retry_failed_runs

REQUESTER: Final = "command line"
LETTERS_MAX: Final = 1_000


async def start(ingest: IngestBindings, text: str) -> JsonObject:
    """Start the Workflow of a job, given as JSON; a job without a run id gets one."""
    try:
        given: Any = json.loads(text)
    except ValueError as error:
        raise InvalidInput(f"the job is no JSON: {error}") from error
    if not isinstance(given, dict):
        raise InvalidInput("the job is no JSON object")
    try:
        job = parse_job({"run_id": new_id("run"), "requested_by": REQUESTER, **given})
    except InvalidInput as error:
        raise InvalidInput(describe(error)) from error
    await start_job(job, ingest)
    return {"runs": [job.run_id]}


async def retry_failed(ingest: IngestBindings, hours: str) -> JsonObject:
    """Try every run again that failed within the last hours."""
    since = ingest.clock.now() - timedelta(hours=float(hours))
    outcomes = await retry_failed_runs(
        ingest.watermarks, ingest.workflows, since=since, by=REQUESTER
    )
    started = [run["run_id"] for run in outcomes if run["status"] == "queued"]
    return {"since": format_instant(since), "outcomes": outcomes, "runs": started}


async def clean(ingest: IngestBindings, _: str) -> JsonObject:
    """Remove exports, imports and answered requests that are past their use."""
    async with ingest.databases.open() as db:
        return asdict(await clean_up(db, ingest.objects, at=ingest.clock.now()))


async def letters(ingest: IngestBindings, action: str) -> JsonObject:
    """List the dead letters, or queue all of them again."""
    page = await list_dead_letters(ingest.objects, limit=LETTERS_MAX)
    replayed = []
    for letter in page.letters if action == "replay" else ():
        try:
            await replay_dead_letter(ingest.objects, ingest.queue, letter.day, letter.id)
        except InvalidInput:
            continue  # still no job: it stays, and is listed
        replayed.append(letter.id)
    left = [asdict(letter) for letter in page.letters if letter.id not in replayed]
    return {"letters": left, "replayed": replayed}
