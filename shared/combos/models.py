"""Combos: tags that staff puts together on purpose; reports, templates and suggestions of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from shared.artifacts.models import Artifact
from shared.ids import derived_id
from shared.ports import JsonObject
from shared.tags.models import tag_id

TAGS_MIN: Final = 2
TAGS_MAX: Final = 10
ComboStatus = Literal["planned", "in_progress", "live", "retired"]


def _plain(text: str) -> str:
    if "\x00" in text:
        raise ValueError("must not contain a NUL character")
    return text


def _trimmed(text: str) -> str:
    if not (kept := _plain(text).strip()):
        raise ValueError("must not be empty")
    return kept


def _distinct(tags: list[str]) -> list[str]:
    ids = [tag_id(tag) for tag in tags]
    if len(set(ids)) != len(ids):
        raise ValueError("must not name a tag twice")
    return tags


Short = Annotated[str, Field(max_length=255), AfterValidator(_trimmed)]
Long = Annotated[str, Field(max_length=10_000), AfterValidator(_plain)]
Tags = Annotated[
    list[Short], Field(min_length=TAGS_MIN, max_length=TAGS_MAX), AfterValidator(_distinct)
]


class _Content(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ComboReport(_Content):
    """What staff says of one combination of tags. There is one report of a combination."""

    title: Short
    tags: Tags
    status: ComboStatus = "planned"
    designer: Short | None = None
    notes: Long = ""
    product_ids: Annotated[list[Short], Field(max_length=100)] = Field(default_factory=list)
    template_id: Annotated[str, Field(max_length=100), AfterValidator(_plain)] | None = None

    @property
    def key(self) -> str:
        """Return what this combination of tags always has: the natural key."""
        return combo_key(self.tags)


class ActionSpec(_Content):
    """One thing to do for a combo that follows a template."""

    action: Literal[
        "design", "create_product", "apply_tags", "photograph", "price", "publish", "promote",
        "review",
    ]  # fmt: skip
    title: Short
    instructions: Long = ""
    assignee: Short | None = None
    due_in_days: Annotated[int, Field(ge=0, le=3_650)] | None = None
    parameters: Annotated[dict[Short, Long], Field(max_length=50)] = Field(default_factory=dict)


class ComboTemplate(_Content):
    """A way to make combos: named, with the actions in their order. Names differ in any case."""

    name: Short
    description: Long = ""
    actions: Annotated[list[ActionSpec], Field(max_length=50)] = Field(default_factory=list)

    @property
    def key(self) -> str:
        """Return what tells templates apart."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class KeptReport:
    """A report as it is kept."""

    id: str
    content: ComboReport
    suggestion_id: str | None
    version: int
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str

    @classmethod
    def of(cls, artifact: Artifact) -> KeptReport:
        """Read a report from its artifact."""
        payload = {**artifact.payload}
        suggestion_id = payload.pop("suggestion_id", None)
        payload.pop("tag_ids", None)
        content = ComboReport.model_validate({**payload, "status": artifact.status})
        return cls(artifact.id, content, suggestion_id, **_kept(artifact))


@dataclass(frozen=True, slots=True)
class KeptTemplate:
    """A template as it is kept."""

    id: str
    content: ComboTemplate
    version: int
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str

    @classmethod
    def of(cls, artifact: Artifact) -> KeptTemplate:
        """Read a template from its artifact."""
        return cls(artifact.id, ComboTemplate.model_validate(artifact.payload), **_kept(artifact))


@dataclass(frozen=True, slots=True)
class KeptSuggestion:
    """A suggestion as it is kept, with its reasons."""

    id: str
    status: str
    """`open`, `accepted` or `dismissed`."""
    tags: list[str]
    categories: list[str]
    confidence: float
    rank: int
    """Its place in the run that made it, from 1."""
    evidence: JsonObject
    run_id: str
    report_id: str | None
    version: int
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str

    @classmethod
    def of(cls, artifact: Artifact) -> KeptSuggestion:
        """Read a suggestion from its artifact."""
        payload = artifact.payload
        return cls(
            artifact.id,
            artifact.status,
            payload["tags"],
            payload["categories"],
            payload["confidence"],
            payload["rank"],
            payload["evidence"],
            payload["run_id"],
            payload.get("report_id"),
            **_kept(artifact),
        )


def report_payload(report: ComboReport, *, suggestion_id: str | None = None) -> JsonObject:
    """Return how a report is kept; its status is the artifact's."""
    payload = report.model_dump(mode="json", exclude={"status"})
    payload["tag_ids"] = sorted(tag_id(tag) for tag in report.tags)
    if suggestion_id is not None:
        payload["suggestion_id"] = suggestion_id
    return payload


def combo_key(tags: list[str]) -> str:
    """Return the natural key of a combination: the same for every order and case of its tags."""
    return key_of_ids([tag_id(tag) for tag in tags])


def key_of_ids(tag_ids: Sequence[str]) -> str:
    """Return the natural key of a combination whose tags have these ids."""
    return derived_id("cmb", *sorted(tag_ids))


def _kept(artifact: Artifact) -> dict[str, Any]:
    return {
        "version": artifact.version,
        "created_at": artifact.created_at,
        "created_by": artifact.created_by,
        "updated_at": artifact.updated_at,
        "updated_by": artifact.updated_by,
    }
