"""What the routes over combos take and give."""

from __future__ import annotations

from datetime import datetime
from math import isfinite
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from dashboard_api.pages import position_of
from shared.combos.acceptance import TITLE_MAX, Accepted
from shared.combos.imports import Import, ImportMode
from shared.combos.models import (
    ComboReport,
    ComboStatus,
    ComboTemplate,
    KeptReport,
    KeptSuggestion,
    KeptTemplate,
    Short,
)
from shared.http.pagination import PageParameters, bad_cursor
from shared.ports import JsonObject

SUGGESTIONS_MAX = 200


class ComboFilter(BaseModel):
    """Which combo logs."""

    model_config = ConfigDict(extra="forbid")

    status: Annotated[list[ComboStatus] | None, Field(description="In any of these states.")] = None
    tag: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=255,
            pattern=r"^[^\x00]*$",
            description="That combine this tag, in any case.",
        ),
    ] = None


class ComboParameters(ComboFilter, PageParameters):
    """The query parameters of the list of combo logs."""

    text: Annotated[
        str | None,
        Field(
            max_length=200,
            pattern=r"^[^\x00]*$",
            description="With this in the title, in any case.",
        ),
    ] = None

    product_id: Annotated[
        str | None, Field(pattern=r"^[A-Za-z0-9_-]{1,100}$", description="That name this product.")
    ] = None


class _Kept(BaseModel):
    """Who wrote something, and when."""

    model_config = ConfigDict(frozen=True)

    id: str
    version: int
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str


class ComboLog(_Kept, ComboReport):
    """What staff says of one combination of tags, as it is kept."""

    suggestion_id: str | None = Field(description="The suggestion that it was accepted from.")

    @classmethod
    def of(cls, kept: KeptReport) -> ComboLog:
        """Return a kept report as it is shown."""
        return cls.model_validate(
            {**kept.content.model_dump(), **_kept(kept), "suggestion_id": kept.suggestion_id}
        )


class ComboTemplateRead(_Kept, ComboTemplate):
    """A way to make combos, as it is kept."""

    @classmethod
    def of(cls, kept: KeptTemplate) -> ComboTemplateRead:
        """Return a kept template as it is shown."""
        return cls.model_validate({**kept.content.model_dump(), **_kept(kept)})


class ComboSuggestion(_Kept):
    """A combination of tags that should sell, with the reasons."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    status: Literal["open", "accepted", "dismissed"]
    tags: list[str]
    categories: list[str]
    confidence: float = Field(description="From 0 to 1.")
    rank: int = Field(description="Its place in the run that made it, from 1.")
    evidence: JsonObject = Field(description="The numbers that the confidence is made of.")
    run_id: str
    report_id: str | None = Field(description="The combo log that it became.")


class SuggestionParameters(PageParameters):
    """The query parameters of the list of suggestions."""

    status: Literal["open", "accepted", "dismissed"] | None = None


class SuggestionRequest(BaseModel):
    """How many suggestions are made at most."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"limit": 20}})

    limit: Annotated[int, Field(ge=1, le=SUGGESTIONS_MAX)] = 50


class Acceptance(BaseModel):
    """How the combo log of an accepted suggestion is called."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"title": "Sunny dogs"}}
    )

    title: Annotated[
        Short | None, Field(max_length=TITLE_MAX, description="Made of the tags if absent.")
    ] = None


class AcceptedSuggestion(BaseModel):
    """A suggestion, and the combo log that it became."""

    suggestion: ComboSuggestion
    report: ComboLog

    @classmethod
    def of(cls, accepted: Accepted) -> AcceptedSuggestion:
        """Return both as they are shown."""
        suggestion = ComboSuggestion.model_validate(accepted.suggestion)
        return cls(suggestion=suggestion, report=ComboLog.of(accepted.report))


class ImportParameters(BaseModel):
    """The query parameters of an import."""

    model_config = ConfigDict(extra="forbid")

    mode: ImportMode = Field(
        default="all_or_nothing",
        description="`report` takes the good rows and lists the others.",
    )


class ImportProblem(BaseModel):
    """One thing wrong with a file."""

    model_config = ConfigDict(from_attributes=True)

    line: int
    column: str | None = Field(description="Null where it concerns the whole line.")
    detail: str


class ImportResult(BaseModel):
    """What came of an import."""

    rows: int
    created: int
    updated: int
    unchanged: int
    problem_count: int
    problems: list[ImportProblem] = Field(description="The first thousand.")


class ComboImportRead(BaseModel):
    """One import of combo logs."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    status: Literal["requested", "running", "done", "rejected", "failed"]
    mode: ImportMode
    run_id: str
    filename: str | None
    result: ImportResult | None
    error: str | None
    created_at: datetime
    created_by: str
    updated_at: datetime

    @classmethod
    def of(cls, kept: Import) -> ComboImportRead:
        """Return an import as it is shown."""
        return cls.model_validate(kept)


def after_suggestion(cursor: str | None) -> tuple[float, str] | None:
    """Return confidence and id of the last suggestion of the page before."""
    if (position := position_of(cursor, "confidence", "id")) is None:
        return None
    try:
        confidence = float(position[0])
    except ValueError:
        raise bad_cursor() from None
    if not isfinite(confidence):
        raise bad_cursor()
    return confidence, position[1]


def _kept(kept: KeptReport | KeptTemplate | KeptSuggestion) -> JsonObject:
    return {name: getattr(kept, name) for name in _Kept.model_fields}
