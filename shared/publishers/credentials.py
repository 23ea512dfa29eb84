"""Secrets of publishers: how they are written, told apart and kept. Only digests are stored."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

CredentialKind = Literal["bk", "pk", "oc", "at"]
"""A secret key, a publishable key, the secret of an OAuth client, an access token."""

_SECRET_BYTES: Final = 32
_TEXT: Final = re.compile(r"(bk|pk|oc|at)_live_([0-9a-f]{32})_([0-9a-f]{64})\Z")
_ROW: Final[dict[str, str]] = {"bk": "key", "pk": "key", "oc": "ocl", "at": "tok"}


class Scope(StrEnum):
    """What a key or token allows."""

    PROFILE_READ = "profile:read"
    PUBLICATIONS_READ = "publications:read"
    ENGAGEMENT_READ = "engagement:read"
    ENGAGEMENT_WRITE = "engagement:write"
    COMMISSIONS_READ = "commissions:read"
    COMMISSIONS_DISPUTE = "commissions:dispute"


@dataclass(frozen=True, slots=True)
class Credential:
    """A secret as its owner sends it: what finds its row, and what proves it."""

    kind: CredentialKind
    number: str
    secret: str

    @classmethod
    def new(cls, kind: CredentialKind) -> Credential:
        """Return a fresh one: a random id, and a secret of 256 bits."""
        return cls(kind, os.urandom(16).hex(), os.urandom(_SECRET_BYTES).hex())

    @classmethod
    def parse(cls, text: str) -> Credential | None:
        """Return what a text says, or None if it is none of ours."""
        if (found := _TEXT.match(text)) is None:
            return None
        kind, number, secret = found.groups()
        return cls(kind, number, secret)  # type: ignore[arg-type]  # the pattern names the kinds

    @property
    def row_id(self) -> str:
        """Return the id of the row that keeps it."""
        return f"{_ROW[self.kind]}_{self.number}"

    @property
    def digest(self) -> str:
        """Return what is stored: the whole text's SHA-256, so that the kind is proven too."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def text(self) -> str:
        """Return what is shown once."""
        return f"{self.kind}_live_{self.number}_{self.secret}"

    def proves(self, digest: str) -> bool:
        """Return whether this is the secret that was stored, in constant time."""
        return hmac.compare_digest(self.digest, digest)
