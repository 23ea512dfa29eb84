"""Conditional requests: versions as ETags, If-Match before a change, If-None-Match on a read."""

from __future__ import annotations

import re
from typing import Final

from shared.errors import BadRequest, FieldProblem, PreconditionFailed, PreconditionRequired

_TAG: Final = re.compile(r'(?:W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
_LIST: Final = re.compile(rf"\s*(?:{_TAG.pattern}\s*(?:,\s*|\Z))+\Z")


def etag(version: int | str) -> str:
    """Return the strong ETag of a version."""
    return f'"{version}"'


def require_match(if_match: str | None, current: str) -> None:
    """Let a change through only if it was made from the current version.

    A weak tag is taken too: a network that compresses answers makes every tag weak, Cloudflare's
    among them, and a tag here is the version of a row, whatever its bytes are encoded as.

    Args:
        if_match: The If-Match header, or None.
        current: The ETag of the resource as it is now.

    Raises:
        PreconditionRequired: There is no If-Match header.
        PreconditionFailed: It names other versions only.
        BadRequest: It is no list of ETags.
    """
    if not if_match:
        raise PreconditionRequired("send If-Match with the ETag of the version you have read")
    if if_match.strip() == "*":
        return
    if (known := _tags(if_match)) is None:
        detail = 'must be ETags such as "3"'
        raise BadRequest(f"If-Match {detail}", problems=[FieldProblem("/If-Match", detail)])
    if current not in known:
        raise PreconditionFailed(f"the current version is {current}", headers={"ETag": current})


def is_unchanged(if_none_match: str | None, current: str) -> bool:
    """Return whether the reader already has this version (weak comparison).

    A header that cannot be read names no version.
    """
    if not if_none_match:
        return False
    if if_none_match.strip() == "*":
        return True
    return current in (_tags(if_none_match) or ())


def _tags(text: str) -> list[str] | None:
    """Return the tags of a header without their weakness; None if it is no list of tags."""
    if not _LIST.match(text):
        return None
    return [f'"{opaque}"' for opaque in _TAG.findall(text)]
