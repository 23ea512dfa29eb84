"""Who is asking: the staff member or service token behind a request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Principal:
    """An authenticated caller of a staff route."""

    kind: Literal["user", "service"]
    subject: str
    """Access' own id of a user, or the client id of a service token: stable, never shown."""
    name: str
    """E-mail address of a user, client id of a service token: what audit fields record."""
