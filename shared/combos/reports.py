"""Keeps combo reports: one per combination of tags."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from shared.artifacts.kinds import ArtifactKind
from shared.artifacts.repository import Artifacts
from shared.combos.models import ComboReport, KeptReport, combo_key, report_payload
from shared.errors import Conflict, NotFound
from shared.ports import Database

_KIND: Final = ArtifactKind.COMBO_REPORT


class ReportNotFound(NotFound):
    """There is no such combo report."""


class CombinationTaken(Conflict):
    """There is a report of this combination of tags."""


async def get_report(db: Database, report_id: str) -> KeptReport:
    """Return a report. Raises ReportNotFound."""
    if (artifact := await Artifacts(db).get(_KIND, report_id)) is None:
        raise ReportNotFound(report_id)
    return KeptReport.of(artifact)


async def report_of(db: Database, tags: list[str]) -> KeptReport | None:
    """Return the report of a combination of tags, or None."""
    artifact = await Artifacts(db).get_named(_KIND, combo_key(tags))
    return None if artifact is None else KeptReport.of(artifact)


async def add_report(
    db: Database, report: ComboReport, *, at: datetime, by: str, report_id: str | None = None
) -> KeptReport:
    """Keep a new report.

    Raises:
        CombinationTaken: Its combination has one.
    """
    try:
        artifact = await Artifacts(db).add(
            _KIND,
            report_payload(report),
            at=at,
            by=by,
            name=report.key,
            status=report.status,
            artifact_id=report_id,
        )
    except Conflict as error:
        raise await _taken(db, report) from error
    return KeptReport.of(artifact)


async def change_report(
    db: Database,
    report_id: str,
    report: ComboReport,
    *,
    expected_version: int,
    at: datetime,
    by: str,
) -> KeptReport:
    """Replace what a report says; the suggestion it came from stays linked.

    Raises:
        ReportNotFound: There is no such report.
        PreconditionFailed: Somebody changed it since that version was read.
        CombinationTaken: Another report has the new combination.
    """
    before = await get_report(db, report_id)
    try:
        artifact = await Artifacts(db).update(
            _KIND,
            report_id,
            expected_version=expected_version,
            at=at,
            by=by,
            payload=report_payload(report, suggestion_id=before.suggestion_id),
            status=report.status,
            name=report.key,
        )
    except Conflict as error:
        raise await _taken(db, report) from error
    return KeptReport.of(artifact)


async def remove_report(
    db: Database, report_id: str, *, expected_version: int | None = None
) -> None:
    """Remove a report.

    Raises:
        ReportNotFound: There is no such report.
        PreconditionFailed: Somebody changed it since that version was read.
    """
    try:
        await Artifacts(db).remove(_KIND, report_id, expected_version=expected_version)
    except NotFound as error:
        raise ReportNotFound(report_id) from error


async def _taken(db: Database, report: ComboReport) -> CombinationTaken:
    known = await report_of(db, report.tags)
    members = {} if known is None else {"report_id": known.id}
    return CombinationTaken(f"of {', '.join(report.tags)}", members=members)
