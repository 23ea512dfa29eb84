"""Time: always aware, always UTC, and given from outside so that runs can be repeated."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Protocol

from pydantic import AwareDatetime, BeforeValidator

_NUMBER = re.compile(r"\s*[-+]?[0-9_]+(\.[0-9]*)?([eE][-+]?[0-9]+)?\s*")
_FRACTION = re.compile(r"\.(\d+)")


class Clock(Protocol):
    """Where the domain gets the time from."""

    def now(self) -> datetime:
        """Return the present instant as an aware UTC datetime."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present instant as an aware UTC datetime."""
        return datetime.now(UTC)


class FixedClock:
    """A clock that stands still until it is moved: for tests and replays."""

    def __init__(self, at: datetime) -> None:
        self.at = at.astimezone(UTC)

    def now(self) -> datetime:
        """Return the instant the clock stands at."""
        return self.at

    def advance(self, by: timedelta) -> None:
        """Move the clock."""
        self.at += by


def _no_number(value: Any) -> Any:
    """Refuse what pydantic would take for seconds since 1970."""
    if isinstance(value, (int, float)) or (isinstance(value, str) and _NUMBER.fullmatch(value)):
        raise ValueError("must be written as in ISO 8601")
    return value


IsoDate = Annotated[date, BeforeValidator(_no_number)]
"""A date in a request."""
IsoInstant = Annotated[AwareDatetime, BeforeValidator(_no_number)]
"""An instant in a request."""


def parse_instant(text: str) -> datetime:
    """Parse an RFC 3339 instant (`Z` or an offset) into aware UTC.

    Raises:
        ValueError: The text is no instant, or it has no offset.
    """
    instant = datetime.fromisoformat(_FRACTION.sub(lambda m: "." + m[1][:6].ljust(6, "0"), text))
    if instant.tzinfo is None:
        raise ValueError(f"{text!r} has no offset from UTC")
    return instant.astimezone(UTC)


def format_instant(instant: datetime) -> str:
    """Write an instant as RFC 3339 UTC with `Z`, whole seconds unless it has a fraction."""
    text = instant.astimezone(UTC).isoformat()
    return text.removesuffix("+00:00") + "Z"
