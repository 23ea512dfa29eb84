"""Says whose work a tag stands for, so that the sales of its products are attributed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from shared.errors import Conflict, FieldProblem, InvalidInput, NotFound
from shared.ports import Database
from shared.tags.designer_repository import Assignments
from shared.tags.models import tag_id
from shared.tags.repository import ProductTags
from shared.tags.schemas import ASSIGNMENTS_MAX, Name
from shared.transactions import in_transaction


def _nameable(name: str) -> str:
    if name in {"names", "assign", "unassign"}:
        raise ValueError("is a word of this API")
    return name


DesignerName = Annotated[Name, AfterValidator(_nameable)]


class DesignerAssignment(BaseModel):
    """Which tags become a designer's."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"designer": "Ann", "tags": ["Summer"]}}
    )

    designer: DesignerName
    tags: Annotated[list[Name], Field(min_length=1, max_length=ASSIGNMENTS_MAX)]


class Designer(BaseModel):
    """A designer and the tags that stand for their work."""

    name: str
    tags: list[str]


class DesignerNotFound(NotFound):
    """No tag is assigned to this designer."""


class TagNotAssigned(NotFound):
    """A tag is not assigned to this designer."""


class TagAssigned(Conflict):
    """A tag is assigned to another designer."""


async def list_designers(db: Database, *, after: str = "", limit: int) -> Sequence[Designer]:
    """Return the designers that follow a name, in the order of their names."""
    rows = await Assignments(db).designers(after=after, limit=limit)
    return [Designer.model_validate(dict(row)) for row in rows]


async def assign_tags(db: Database, asked: DesignerAssignment, *, at: datetime, by: str) -> int:
    """Assign tags to a designer, all or none; return how many were not theirs before.

    Raises:
        InvalidInput: A tag is not one of the shop.
        TagAssigned: A tag is another designer's.
    """
    ids = {tag_id(tag): tag for tag in asked.tags}

    async def assign() -> int:
        known = await ProductTags(db).known(ids)
        if problems := [
            FieldProblem(f"/tags/{number}", "is not a tag of the shop")
            for number, tag in enumerate(asked.tags)
            if tag_id(tag) not in known
        ]:
            raise InvalidInput("nothing was assigned", problems=problems)
        kept = Assignments(db)
        designer = await kept.spelling(asked.designer) or asked.designer
        payloads = [{"designer": designer, "tag_id": tag} for tag in sorted(ids)]
        added = await kept.add(payloads, at=at, by=by)
        for tag, holder in (await kept.holders(sorted(ids))).items():
            if holder != designer:
                raise TagAssigned(f"{ids[tag]} is assigned to {holder}")
        return added

    return await in_transaction(db, assign)


async def unassign_tags(
    db: Database, designer: str, tags: Sequence[str], *, at: datetime, by: str
) -> None:
    """Take tags from a designer, all or none. Raises TagNotAssigned."""
    ids = sorted({tag_id(tag) for tag in tags})
    async with db.transaction():
        if await Assignments(db).end(designer, ids, at=at, by=by) != len(ids):
            raise TagNotAssigned(f"one of the tags is not {designer}'s; nothing was changed")


async def remove_designer(db: Database, designer: str, *, at: datetime, by: str) -> None:
    """Take every tag from a designer. Raises DesignerNotFound."""
    if not await Assignments(db).end(designer, None, at=at, by=by):
        raise DesignerNotFound(designer)
