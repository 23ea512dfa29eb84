"""Sorts tags into groups, many at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from shared.errors import FieldProblem, InvalidInput
from shared.ports import Database
from shared.tags.models import tag_id
from shared.tags.repository import ProductCategories, ProductTags
from shared.tags.schemas import TagAssignment, TagsClassified, UnclassifiedTag
from shared.transactions import in_transaction


class ClassificationInvalid(InvalidInput):
    """The classification names what is not there, or a tag twice."""


async def classify_tags(
    db: Database, assignments: Sequence[TagAssignment], *, at: datetime, by: str
) -> TagsClassified:
    """Put each tag into its group; all of it, or nothing.

    Args:
        db: Where tags and groups are.
        assignments: Which tag goes where.
        at: When this was asked.
        by: Who asked.

    Raises:
        ClassificationInvalid: A tag or group is unknown, or a tag is named twice.
    """
    ids = [tag_id(assignment.tag) for assignment in assignments]

    async def classify() -> int:
        groups = await ProductCategories(db).hold(
            {assignment.group_id for assignment in assignments if assignment.group_id is not None}
        )
        known = await ProductTags(db).known(ids)
        if problems := _problems(assignments, ids, known, groups):
            raise ClassificationInvalid("nothing was classified", problems=problems)
        return await ProductTags(db).classify_each(
            ids, [assignment.group_id for assignment in assignments], at=at, by=by
        )

    changed = await in_transaction(db, classify)
    return TagsClassified(classified=changed, unchanged=len(ids) - changed)


async def unclassified_tags(
    db: Database, *, after: tuple[str, str] | None = None, limit: int
) -> Sequence[UnclassifiedTag]:
    """Return the tags in no group that follow another by name and id."""
    rows = await ProductTags(db).unclassified(after=after, limit=limit)
    return [UnclassifiedTag.model_validate(dict(row)) for row in rows]


def _problems(
    assignments: Sequence[TagAssignment], ids: Sequence[str], known: set[str], groups: set[str]
) -> list[FieldProblem]:
    problems, seen = [], set[str]()
    for number, (assignment, tag) in enumerate(zip(assignments, ids, strict=True)):
        place = f"/assignments/{number}"
        if tag not in known:
            problems.append(FieldProblem(f"{place}/tag", "is not a tag of the shop"))
        if tag in seen:
            problems.append(FieldProblem(f"{place}/tag", "was named before"))
        if assignment.group_id is not None and assignment.group_id not in groups:
            problems.append(FieldProblem(f"{place}/group_id", "is not a tag group"))
        seen.add(tag)
    return problems
