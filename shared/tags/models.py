"""Tags and the groups that staff sorts them into."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.ids import derived_id


@dataclass(frozen=True, slots=True)
class ProductTag:
    """One tag of the shop's products."""

    id: str
    name: str
    category_id: str | None


@dataclass(frozen=True, slots=True)
class ProductCategory:
    """One group of tags."""

    id: str
    name: str
    description: str | None
    version: int
    updated_at: datetime
    updated_by: str


def tag_name(text: str) -> str:
    """Return a tag as it is kept: trimmed, and without characters PostgreSQL cannot store."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode().strip()


def tag_id(name: str) -> str:
    """Return the id of a tag; spellings that differ only in case have the same one."""
    return derived_id("tag", tag_name(name).lower())
