"""An artifact: a payload of some kind, with its version and who wrote it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.artifacts.kinds import ArtifactKind
from shared.ports import JsonObject


@dataclass(frozen=True, slots=True)
class Artifact:
    """One row of the registry. `name` tells artifacts of a kind apart where the kind has a key."""

    id: str
    kind: ArtifactKind
    name: str | None
    status: str
    payload: JsonObject
    version: int
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str
