"""Turns a suggestion into a report, once; or puts it aside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.artifacts.kinds import ArtifactKind
from shared.artifacts.models import Artifact
from shared.artifacts.repository import Artifacts
from shared.combos.models import (
    ComboReport,
    KeptReport,
    KeptSuggestion,
    combo_key,
    report_payload,
)
from shared.errors import Conflict, NotFound, PreconditionFailed
from shared.ids import derived_id
from shared.ports import Database
from shared.transactions import in_transaction

_REPORT: Final = ArtifactKind.COMBO_REPORT
_SUGGESTION: Final = ArtifactKind.COMBO_SUGGESTION
_ATTEMPTS: Final = 3
TITLE_MAX: Final = 255


class SuggestionNotFound(NotFound):
    """There is no such combo suggestion."""


class SuggestionClosed(Conflict):
    """The combo suggestion is not open any more."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """An accepted suggestion and its report; `is_new` if this call accepted it."""

    suggestion: KeptSuggestion
    report: KeptReport
    is_new: bool


async def get_suggestion(db: Database, suggestion_id: str) -> KeptSuggestion:
    """Return a suggestion. Raises SuggestionNotFound."""
    return KeptSuggestion.of(await _suggestion(db, suggestion_id))


async def accept_suggestion(
    db: Database, suggestion_id: str, *, at: datetime, by: str, title: str | None = None
) -> Accepted:
    """Report the suggested combination and link both; accepting again changes nothing.

    If somebody reported the combination meanwhile, that report is linked.

    Args:
        db: Where both are.
        suggestion_id: Which suggestion.
        at: Now.
        by: Who accepts.
        title: The report's; made of the tags if absent.

    Raises:
        SuggestionNotFound: There is no such suggestion.
        SuggestionClosed: It was dismissed.
    """
    for _ in range(_ATTEMPTS - 1):
        try:
            return await in_transaction(db, lambda: _accept(db, suggestion_id, at, by, title))
        except SuggestionClosed:
            raise
        except (Conflict, PreconditionFailed):
            continue  # somebody else accepted or reported it at the same time
    return await in_transaction(db, lambda: _accept(db, suggestion_id, at, by, title))


async def dismiss_suggestion(
    db: Database, suggestion_id: str, *, at: datetime, by: str, expected_version: int | None = None
) -> KeptSuggestion:
    """Put an open suggestion aside; it will not be suggested again.

    Raises:
        SuggestionNotFound: There is no such suggestion.
        SuggestionClosed: It was accepted.
        PreconditionFailed: Somebody changed it since that version was read.
    """
    held = await _suggestion(db, suggestion_id)
    if held.status == "accepted":
        raise SuggestionClosed(f"{suggestion_id} was accepted")
    changed = await Artifacts(db).update(
        _SUGGESTION,
        suggestion_id,
        expected_version=expected_version or held.version,
        at=at,
        by=by,
        status="dismissed",
    )
    return KeptSuggestion.of(changed)


async def _accept(
    db: Database, suggestion_id: str, at: datetime, by: str, title: str | None
) -> Accepted:
    artifacts = Artifacts(db)
    held = await _suggestion(db, suggestion_id)
    if held.status == "dismissed":
        raise SuggestionClosed(f"{suggestion_id} was dismissed")
    if held.status == "accepted":
        linked = await artifacts.get(_REPORT, str(held.payload["report_id"]))
        if linked is None:
            raise SuggestionClosed(f"{suggestion_id} was accepted, and its report removed since")
        return Accepted(KeptSuggestion.of(held), KeptReport.of(linked), is_new=False)
    report = await _linked_report(artifacts, held, at, by, title)
    accepted = await artifacts.update(
        _SUGGESTION,
        suggestion_id,
        expected_version=held.version,
        at=at,
        by=by,
        payload={**held.payload, "report_id": report.id},
        status="accepted",
    )
    return Accepted(KeptSuggestion.of(accepted), KeptReport.of(report), is_new=True)


async def _linked_report(
    artifacts: Artifacts, suggestion: Artifact, at: datetime, by: str, title: str | None
) -> Artifact:
    tags = list(suggestion.payload["tags"])
    known = await artifacts.get_named(_REPORT, combo_key(tags))
    if known is not None:
        return await artifacts.update(
            _REPORT,
            known.id,
            expected_version=known.version,
            at=at,
            by=by,
            payload={**known.payload, "suggestion_id": suggestion.id},
        )
    report = ComboReport(title=title or " + ".join(tags)[:TITLE_MAX], tags=tags)
    return await artifacts.add(
        _REPORT,
        report_payload(report, suggestion_id=suggestion.id),
        at=at,
        by=by,
        name=report.key,
        status=report.status,
        artifact_id=derived_id("mda", "combo_report", suggestion.id),
    )


async def _suggestion(db: Database, suggestion_id: str) -> Artifact:
    held = await Artifacts(db).get(_SUGGESTION, suggestion_id)
    if held is None:
        raise SuggestionNotFound(suggestion_id)
    return held
