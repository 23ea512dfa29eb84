"""Reads and changes the thresholds and weights that classify products."""

from __future__ import annotations

from typing import Final

from shared.artifacts.kinds import ArtifactKind
from shared.artifacts.models import Artifact
from shared.artifacts.repository import Artifacts
from shared.clock import Clock, SystemClock
from shared.errors import Conflict, PreconditionFailed
from shared.identity.models import Principal
from shared.performance.models import ClassificationSpec
from shared.performance.schemas import ClassificationSettings
from shared.ports import Database

_KIND: Final = ArtifactKind.CLASSIFICATION_SPEC
_NAME: Final = "default"
"""A shop has one classification spec: the name is unique within the kind."""


async def get_classification(db: Database) -> ClassificationSettings:
    """Return the settings; version 0 stands for the defaults, which nobody has changed yet."""
    artifact = await Artifacts(db).get_named(_KIND, _NAME)
    if artifact is None:
        spec = ClassificationSpec()
        return ClassificationSettings(spec=spec, version=0, updated_at=None, updated_by=None)
    return _settings(artifact)


async def put_classification(
    db: Database,
    spec: ClassificationSpec,
    expected_version: int,
    principal: Principal,
    *,
    clock: Clock | None = None,
) -> ClassificationSettings:
    """Replace the settings; the next refresh classifies by them.

    Raises:
        PreconditionFailed: They have another version by now.
    """
    artifacts, payload = Artifacts(db), spec.model_dump(mode="json")
    at, by = (clock or SystemClock()).now(), principal.name
    held = await artifacts.get_named(_KIND, _NAME)
    if held is None and expected_version == 0:
        try:
            return _settings(await artifacts.add(_KIND, payload, at=at, by=by, name=_NAME))
        except Conflict:
            raise _stale(expected_version) from None
    if held is None or held.version != expected_version:
        raise _stale(expected_version)
    return _settings(
        await artifacts.update(
            _KIND, held.id, expected_version=expected_version, at=at, by=by, payload=payload
        )
    )


def _stale(version: int) -> PreconditionFailed:
    return PreconditionFailed(f"the settings no longer have version {version}")


def _settings(artifact: Artifact) -> ClassificationSettings:
    return ClassificationSettings(
        spec=ClassificationSpec.model_validate(artifact.payload),
        version=artifact.version,
        updated_at=artifact.updated_at,
        updated_by=artifact.updated_by,
    )
