"""Where an asset is kept and how the world reaches it."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from shared.assets.content import Media
from shared.errors import NonRetryable

PREFIX: Final = "assets/"
_HASH_DIGITS: Final = 16
_NAME_CHARACTERS: Final = 80
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9_-]+")


def safe_filename(name: str, media: Media) -> str:
    """Return a file name of plain characters whose extension says what the file is."""
    name = name.replace("\\", "/").rpartition("/")[2]
    stem, dot, extension = name.rpartition(".")
    extension = extension.lower()
    if not dot or not re.fullmatch(r"[a-z0-9]{1,5}", extension):
        stem, extension = name, ""
    if extension not in media.extensions:
        extension = media.extensions[0]
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    stem = _UNSAFE.sub("-", plain)[:_NAME_CHARACTERS].strip("-_")
    return f"{stem or 'asset'}.{extension}"


def asset_key(sha256: str, filename: str) -> str:
    """Return the key of an asset: its hash keeps files of one name apart."""
    return f"{PREFIX}{sha256[:_HASH_DIGITS]}/{filename}"


def asset_url(base_url: str | None, key: str) -> str:
    """Return the public address of a key.

    Raises:
        NonRetryable: The deployment has no public address.
    """
    if not base_url:
        raise NonRetryable("ASSET_BASE_URL is not set")
    return f"{base_url.rstrip('/')}/{key}"
