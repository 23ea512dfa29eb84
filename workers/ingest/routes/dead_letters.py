"""Dead letters: what the queue gave up, to be read, sent again or dropped."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Path, Query

from ingest.dependencies import Bound
from ingest.schemas import DeadLetterList, DeadLetterRead, Replayed
from shared import limits
from shared.http.problems import responses
from shared.ports import JsonObject
from shared.sync import dead_letters

router = APIRouter(prefix="/dead-letters", tags=["Dead letters"])
Day = Annotated[str, Path(pattern=r"^\d{4}-\d{2}-\d{2}$")]
LetterId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,100}$")]


@router.get(
    "",
    summary="List dead letters, the oldest day first",
    response_model=DeadLetterList,
    responses=responses(400, asks_who=False),
)
async def list_letters(
    bindings: Bound,
    day: Annotated[str | None, Query(pattern=r"^\d{4}-\d{2}-\d{2}$")] = None,
    cursor: Annotated[str | None, Query(max_length=2_000)] = None,
    limit: Annotated[int, Query(ge=1, le=limits.PAGE_SIZE_MAX)] = limits.PAGE_SIZE_DEFAULT,
) -> JsonObject:
    """Each with its reason and its message."""
    page = await dead_letters.list_dead_letters(
        bindings.objects, day=day, cursor=cursor, limit=limit
    )
    return {"letters": [asdict(letter) for letter in page.letters], "next_cursor": page.cursor}


@router.get(
    "/{day}/{letter_id}",
    summary="Read a dead letter",
    response_model=DeadLetterRead,
    responses=responses(400, 404, asks_who=False),
)
async def read_letter(bindings: Bound, day: Day, letter_id: LetterId) -> JsonObject:
    """404 where it was replayed or dropped."""
    return asdict(await dead_letters.get_dead_letter(bindings.objects, day, letter_id))


@router.post(
    "/{day}/{letter_id}/replay",
    status_code=202,
    summary="Queue a dead letter again",
    response_model=Replayed,
    responses=responses(400, 404, 422, asks_who=False),
)
async def replay_letter(bindings: Bound, day: Day, letter_id: LetterId) -> JsonObject:
    """422 where its message is still no job; then it stays."""
    message = await dead_letters.replay_dead_letter(
        bindings.objects, bindings.queue, day, letter_id
    )
    return {"job_type": message["job_type"], "run_id": message["run_id"]}


@router.delete(
    "/{day}/{letter_id}",
    summary="Drop a dead letter",
    response_model=DeadLetterRead,
    responses=responses(400, 404, asks_who=False),
)
async def drop_letter(bindings: Bound, day: Day, letter_id: LetterId) -> JsonObject:
    """Returns it, for the last time."""
    return asdict(await dead_letters.drop_dead_letter(bindings.objects, day, letter_id))
