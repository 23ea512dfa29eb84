"""How an order names the e-mail address of its customer: by a hash, never by itself."""

from __future__ import annotations

import hashlib


def email_hash(address: str) -> str | None:
    """Return the SHA-256 of the trimmed, lower-cased address, or None if there is none."""
    trimmed = address.strip().lower()
    return hashlib.sha256(trimmed.encode()).hexdigest() if trimmed else None
