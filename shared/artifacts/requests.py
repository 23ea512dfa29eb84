"""An artifact that a job makes: kept as requested, queued, and queued again if it never was."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Final

from shared.artifacts.kinds import ArtifactKind
from shared.artifacts.models import Artifact
from shared.artifacts.repository import Artifacts
from shared.errors import NotFound, PreconditionFailed
from shared.idempotency.requests import key_reused
from shared.jobs import NOT_QUEUED, Job, job_message
from shared.ports import Database, JsonObject, Queue

_REQUESTED: Final = "requested"
_FAILED: Final = "failed"


async def request_artifact(
    db: Database,
    queue: Queue,
    kind: ArtifactKind,
    *,
    artifact_id: str,
    job: Job,
    payload: JsonObject,
    at: datetime,
) -> Artifact:
    """Keep an artifact as requested and queue the job that makes it.

    One that is known is returned as it is, but nobody knows whether a requested one was queued:
    its job is queued again, for a second message with its run id starts nothing.

    Raises:
        IdempotencyKeyReused: The artifact that is known was asked for with another payload.
        Unavailable: It could not be queued; the artifact says so.
    """
    artifacts = Artifacts(db)
    artifact = await artifacts.get(kind, artifact_id)
    if artifact is None:
        artifact = await artifacts.add(
            kind, payload, at=at, by=job.requested_by, status=_REQUESTED, artifact_id=artifact_id
        )
    else:
        _check_same(artifact, payload)
        if _was_refused(artifact):
            artifact = await _change(artifacts, artifact, _REQUESTED, None, at=at)
        elif artifact.status != _REQUESTED:
            return artifact
    try:
        await queue.send(job_message(job))
    except Exception:
        with suppress(NotFound, PreconditionFailed):  # then somebody works on it: it was queued
            await _change(artifacts, artifact, _FAILED, NOT_QUEUED, at=at)
        raise
    return artifact


async def refuse_artifact(
    db: Database, kind: ArtifactKind, artifact_id: str, *, at: datetime, reason: str
) -> None:
    """Say on an artifact that waits why nobody makes it; every other one stays as it is."""
    artifacts = Artifacts(db)
    known = await artifacts.get(kind, artifact_id)
    if known is not None and known.status == _REQUESTED:
        with suppress(NotFound, PreconditionFailed):  # then it does not wait any more
            await _change(artifacts, known, _FAILED, reason, at=at)


def _was_refused(artifact: Artifact) -> bool:
    return artifact.status == _FAILED and artifact.payload.get("error") == NOT_QUEUED


def _check_same(known: Artifact, payload: JsonObject) -> None:
    """Refuse what differs from what was asked for; what the first did not note cannot differ."""
    if any(known.payload.get(name, value) != value for name, value in payload.items()):
        raise key_reused(f"has made {known.id} of another request before")


async def _change(
    artifacts: Artifacts, known: Artifact, status: str, error: str | None, *, at: datetime
) -> Artifact:
    return await artifacts.update(
        known.kind,
        known.id,
        expected_version=known.version,
        at=at,
        by=known.updated_by,
        payload={**known.payload, "error": error},
        status=status,
    )
