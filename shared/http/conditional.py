"""Conditional requests: versions as ETags, If-Match before a change, If-None-Match on a read."""

from __future__ import annotations

import re
from typing import Final

from shared.errors import BadRequest, FieldProblem, PreconditionFailed, PreconditionRequired

_TAG: Final = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
_LIST: Final = re.compile(rf"\s*(?:{_TAG.pattern}\s*(?:,\s*|\Z))+\Z")


def etag(version: int | str) -> str:
    """Return the strong ETag of a version."""
    return f'"{version}"'


def require_match(if_match: str | None, current: str) -> None:
    """Let a change through only if it was made from the current version.

    Args:
        if_match: The If-Match header, or None.
        current: The ETag of the resource as it is now.

    Raises:
        PreconditionRequired: There is no If-Match header.
        PreconditionFailed: It names other versions only. A weak tag never matches.
        BadRequest: It is no list of ETags.
    """
    if not if_match:
        raise PreconditionRequired("send If-Match with the ETag of the version you have read")
    if if_match.strip() == "*":
        return
    if current not in (tag for weak, tag in _tags("If-Match", if_match) if not weak):
        raise PreconditionFailed(f"the current version is {current}", headers={"ETag": current})


def is_unchanged(if_none_match: str | None, current: str) -> bool:
    """Return whether the reader already has this version (weak comparison)."""
    if not if_none_match:
        return False
    if if_none_match.strip() == "*":
        return True
    return current.removeprefix("W/") in (tag for _, tag in _tags("If-None-Match", if_none_match))


def _tags(header: str, text: str) -> list[tuple[bool, str]]:
    if not _LIST.match(text):
        detail = 'must be ETags such as "3"'
        raise BadRequest(f"{header} {detail}", problems=[FieldProblem(f"/{header}", detail)])
    return [(bool(weak), f'"{opaque}"') for weak, opaque in _TAG.findall(text)]
