"""Routes over commission programs and their rates."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from dashboard_api.dependencies import Bound, Caller
from dashboard_api.publisher_requests import Id, IfMatch, ProgramParameters
from shared.http.conditional import etag, require_match
from shared.http.newest import newest_page, position_of
from shared.http.openapi import CREATED, VERSIONED
from shared.http.pagination import Page, PageParameters
from shared.http.problems import responses
from shared.publishers.models import Program, ProgramContent, Rate, RateContent
from shared.publishers.publishing import add_rate, withdraw_rate
from shared.publishers.repository import Publishing
from shared.publishers.versioned_repository import PROGRAMS

router = APIRouter(prefix="/api/programs", tags=["Programs"])


@router.get("", summary="List programs", responses=responses(400))
async def list_programs(
    bindings: Bound, asked: Annotated[ProgramParameters, Query()]
) -> Page[Program]:
    """Newest first."""
    before = position_of(asked.cursor)
    async with bindings.databases.open() as db:
        found = await PROGRAMS.newest(db, status=asked.status, before=before, limit=asked.limit + 1)
    return newest_page(found, asked.limit)


@router.post(
    "",
    status_code=201,
    summary="Create a program",
    responses={**responses(400, 409, 415, 422), 201: CREATED},
)
async def create_program(
    bindings: Bound, caller: Caller, content: ProgramContent, response: Response
) -> Program:
    """It has no rate until one is added."""
    async with bindings.databases.open() as db:
        kept = await PROGRAMS.add(db, content, at=bindings.clock.now(), by=caller.name)
    response.headers["ETag"] = etag(kept.version)
    response.headers["Location"] = f"/api/programs/{kept.id}"
    return kept


@router.get(
    "/{program_id}",
    summary="Read a program",
    responses={**responses(400, 404), 200: VERSIONED},
)
async def read_program(bindings: Bound, program_id: Id, response: Response) -> Program:
    """Its version is the ETag."""
    async with bindings.databases.open() as db:
        kept = await PROGRAMS.get(db, program_id)
    response.headers["ETag"] = etag(kept.version)
    return kept


@router.put(
    "/{program_id}",
    summary="Change a program",
    responses={**responses(400, 404, 409, 412, 415, 422, 428), 200: VERSIONED},
)
async def change_program(
    *,
    bindings: Bound,
    caller: Caller,
    program_id: Id,
    content: ProgramContent,
    response: Response,
    if_match: IfMatch = None,
) -> Program:
    """Needs `If-Match`. Orders that were placed before a program ended still count for it."""
    async with bindings.databases.open() as db:
        version = (await PROGRAMS.get(db, program_id)).version
        require_match(if_match, etag(version))
        now, by = bindings.clock.now(), caller.name
        kept = await PROGRAMS.update(
            db, program_id, content, expected_version=version, at=now, by=by
        )
    response.headers["ETag"] = etag(kept.version)
    return kept


@router.get("/{program_id}/rates", summary="List a program's rates", responses=responses(400, 404))
async def list_rates(
    bindings: Bound, program_id: Id, page: Annotated[PageParameters, Query()]
) -> Page[Rate]:
    """The latest first: those to come, then those that have started, past ones too."""
    before = position_of(page.cursor)
    async with bindings.databases.open() as db:
        await PROGRAMS.get(db, program_id)
        found = await Publishing(db).rates(program_id, before=before, limit=page.limit + 1)
    return newest_page(found, page.limit, by="effective_from")


@router.post(
    "/{program_id}/rates",
    status_code=201,
    summary="Add a rate",
    responses=responses(400, 404, 409, 415, 422),
)
async def create_rate(
    bindings: Bound, caller: Caller, program_id: Id, content: RateContent
) -> Rate:
    """Holds from its start until a later one of the same publishers starts."""
    async with bindings.databases.open() as db:
        return await add_rate(db, program_id, content, by=caller, now=bindings.clock.now())


@router.delete(
    "/{program_id}/rates/{rate_id}",
    status_code=204,
    summary="Withdraw a rate that has not started",
    responses=responses(400, 404, 409),
)
async def remove_rate(bindings: Bound, program_id: Id, rate_id: Id) -> None:
    """409 once it has started: what was earned by it stays explained."""
    async with bindings.databases.open() as db:
        await withdraw_rate(db, program_id, rate_id, now=bindings.clock.now())
