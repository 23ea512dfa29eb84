"""Keeps the groups that tags are classified into."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from shared.errors import Conflict, NotFound, PreconditionFailed
from shared.ids import new_id
from shared.ports import Database
from shared.tags.repository import ProductCategories, ProductTags
from shared.tags.schemas import TagGroup, TagGroupDraft


class TagGroupNotFound(NotFound):
    """There is no such tag group."""


class TagGroupNameTaken(Conflict):
    """There is a tag group with this name."""


async def list_tag_groups(db: Database, *, after: str = "", limit: int) -> Sequence[TagGroup]:
    """Return the groups that follow a name, in the order of their names."""
    rows = await ProductCategories(db).counted(after=after, limit=limit)
    return [TagGroup.model_validate(dict(row)) for row in rows]


async def get_tag_group(db: Database, group_id: str) -> TagGroup:
    """Return a group. Raises TagGroupNotFound."""
    if (row := await ProductCategories(db).one(group_id)) is None:
        raise TagGroupNotFound(group_id)
    return TagGroup.model_validate(dict(row))


async def add_tag_group(db: Database, draft: TagGroupDraft, *, at: datetime, by: str) -> TagGroup:
    """Keep a new group. Raises TagGroupNameTaken."""
    try:
        kept = await ProductCategories(db).add(
            new_id("tgr"), draft.name, description=draft.description, at=at, by=by
        )
    except Conflict as error:
        raise TagGroupNameTaken(draft.name) from error
    return await get_tag_group(db, kept.id)


async def change_tag_group(
    db: Database,
    group_id: str,
    draft: TagGroupDraft,
    *,
    expected_version: int,
    at: datetime,
    by: str,
) -> TagGroup:
    """Replace name and description of a group.

    Raises:
        TagGroupNotFound: There is no such group.
        TagGroupNameTaken: Another group has the name.
        PreconditionFailed: Somebody changed it since that version was read.
    """
    try:
        changed = await ProductCategories(db).change(
            group_id,
            draft.name,
            description=draft.description,
            expected_version=expected_version,
            at=at,
            by=by,
        )
    except Conflict as error:
        raise TagGroupNameTaken(draft.name) from error
    group = await get_tag_group(db, group_id)
    if not changed:
        raise _stale(group_id)
    return group


async def remove_tag_group(
    db: Database, group_id: str, *, expected_version: int, at: datetime, by: str
) -> None:
    """Remove a group; its tags are unclassified from then on.

    Raises:
        TagGroupNotFound: There is no such group.
        PreconditionFailed: Somebody changed it since that version was read.
    """
    async with db.transaction():
        # The group first: a classification that holds it is waited for, and its tags then found.
        if not await ProductCategories(db).remove(group_id, expected_version=expected_version):
            await get_tag_group(db, group_id)
            raise _stale(group_id)
        await ProductTags(db).unclassify(group_id, at=at, by=by)


def _stale(group_id: str) -> PreconditionFailed:
    return PreconditionFailed(f"{group_id} has changed since it was read")
