"""Tags and tag groups as staff sends and sees them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

ASSIGNMENTS_MAX = 1_000

Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=255, pattern=r"^[^\x00]*$"),
]
Description = Annotated[str, StringConstraints(max_length=2_000, pattern=r"^[^\x00]*$")]


class TagGroupDraft(BaseModel):
    """What staff says of a tag group."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", json_schema_extra={"example": {"name": "Theme"}}
    )

    name: Name
    description: Description | None = None


class TagGroup(BaseModel):
    """One group of tags."""

    id: str
    name: str
    description: str | None
    tags: int = Field(description="How many tags are classified into it.")
    version: int
    updated_at: datetime
    updated_by: str


class TagAssignment(BaseModel):
    """Which group one tag belongs to."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tag: Name = Field(description="The tag's text, in any case.")
    group_id: Annotated[str, Field(max_length=100)] | None = Field(
        description="Null takes the tag out of its group."
    )


class TagClassification(BaseModel):
    """Which groups tags belong to from now on; all of it, or nothing."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"assignments": [{"tag": "Summer", "group_id": "tgr_" + "0" * 32}]}
        },
    )

    assignments: Annotated[list[TagAssignment], Field(min_length=1, max_length=ASSIGNMENTS_MAX)]


class TagsClassified(BaseModel):
    """What a classification changed."""

    classified: int = Field(description="Tags that are in another group than before.")
    unchanged: int


class UnclassifiedTag(BaseModel):
    """A tag that is in no group."""

    id: str
    name: str
    products: int = Field(description="How many products carry it.")
