"""Discount codes of publishers: an order that used one is theirs if no click led to it."""

from __future__ import annotations

from datetime import datetime

from shared.commissions.codes_repository import CodeAssignments
from shared.commissions.schemas import CodeAssigned, CodeContent
from shared.errors import FieldProblem, InvalidInput, NotFound
from shared.identity.models import Principal
from shared.ports import Database
from shared.publishers.versioned_repository import PROGRAMS, PUBLISHERS

__all__ = ["CodeAssigned", "CodeContent", "assign_code", "end_code"]


async def assign_code(
    db: Database, content: CodeContent, *, by: Principal, at: datetime
) -> CodeAssigned:
    """Let a discount code stand for a publisher; orders from now on count.

    Raises:
        InvalidInput: The publisher or the program is not known.
        Conflict: The code stands for somebody already.
    """
    if await PUBLISHERS.find(db, content.publisher_id) is None:
        raise _unknown("/publisher_id", "is not a known publisher")
    if await PROGRAMS.find(db, content.program_id) is None:
        raise _unknown("/program_id", "is not a known program")
    return await CodeAssignments(db).add(content, at=at, by=by.name)


async def end_code(
    db: Database, assignment_id: str, *, by: Principal, at: datetime
) -> CodeAssigned:
    """Let a code stand for nobody from now on; doing it again changes nothing.

    Raises:
        NotFound: There is no such assignment.
    """
    ended = await CodeAssignments(db).end(assignment_id, at=at, by=by.name)
    if ended is None:
        raise NotFound(f"there is no discount code assignment {assignment_id}")
    return ended


def _unknown(pointer: str, detail: str) -> InvalidInput:
    return InvalidInput(f"{pointer}: {detail}", problems=[FieldProblem(pointer, detail)])
