"""Keeps the library of combo templates."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from shared.artifacts.kinds import ArtifactKind
from shared.artifacts.repository import Artifacts
from shared.combos.models import ComboTemplate, KeptTemplate
from shared.errors import Conflict, NotFound
from shared.ports import Database

_KIND: Final = ArtifactKind.COMBO_TEMPLATE


class TemplateNotFound(NotFound):
    """There is no such combo template."""


class TemplateNameTaken(Conflict):
    """There is a combo template with this name."""


async def list_templates(
    db: Database, *, before: tuple[datetime, str] | None = None, limit: int
) -> Sequence[KeptTemplate]:
    """Return templates, newest first."""
    found = await Artifacts(db).newest(_KIND, before=before, limit=limit)
    return [KeptTemplate.of(artifact) for artifact in found]


async def get_template(db: Database, template_id: str) -> KeptTemplate:
    """Return a template. Raises TemplateNotFound."""
    if (artifact := await Artifacts(db).get(_KIND, template_id)) is None:
        raise TemplateNotFound(template_id)
    return KeptTemplate.of(artifact)


async def add_template(
    db: Database, template: ComboTemplate, *, at: datetime, by: str, template_id: str | None = None
) -> KeptTemplate:
    """Keep a new template. Raises TemplateNameTaken."""
    try:
        artifact = await Artifacts(db).add(
            _KIND,
            template.model_dump(mode="json"),
            at=at,
            by=by,
            name=template.key,
            artifact_id=template_id,
        )
    except Conflict as error:
        raise TemplateNameTaken(template.name) from error
    return KeptTemplate.of(artifact)


async def change_template(
    db: Database,
    template_id: str,
    template: ComboTemplate,
    *,
    expected_version: int,
    at: datetime,
    by: str,
) -> KeptTemplate:
    """Replace a template.

    Raises:
        TemplateNotFound: There is no such template.
        PreconditionFailed: Somebody changed it since that version was read.
        TemplateNameTaken: Another template has the name.
    """
    try:
        artifact = await Artifacts(db).update(
            _KIND,
            template_id,
            expected_version=expected_version,
            at=at,
            by=by,
            payload=template.model_dump(mode="json"),
            name=template.key,
        )
    except Conflict as error:
        raise TemplateNameTaken(template.name) from error
    except NotFound as error:
        raise TemplateNotFound(template_id) from error
    return KeptTemplate.of(artifact)


async def remove_template(
    db: Database, template_id: str, *, expected_version: int | None = None
) -> None:
    """Remove a template; reports that were made with it keep its id.

    Raises:
        TemplateNotFound: There is no such template.
        PreconditionFailed: Somebody changed it since that version was read.
    """
    try:
        await Artifacts(db).remove(_KIND, template_id, expected_version=expected_version)
    except NotFound as error:
        raise TemplateNotFound(template_id) from error
