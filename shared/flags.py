"""Feature flags: what staff switches off and on while it runs.

A flag is on unless the setting `FLAGS_OFF` names it; `flag:{name}` in KV, where there is one, says
otherwise. An isolate asks KV about a flag at most once a minute.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, Protocol

from pydantic import BaseModel, Field, ValidationError

from shared.config import FLAG_NAMES, FlagName, Settings
from shared.errors import NotFound, Unavailable
from shared.ports import Cache

HELD: Final = timedelta(minutes=1)
ASKING: Final = timedelta(seconds=5)
"""How long one request may ask while the others go by what they knew."""
RETRY_SECONDS: Final = "60"
MEANINGS: Final[Mapping[FlagName, str]] = {
    "engagement": "platform-api captures engagement. Off: POST /v1/events answers 503, links lead"
    " on without a click id, the pixel counts nothing.",
    "suggestions": "Staff may have combos suggested. Off: POST /api/combo-suggestions/generate"
    " answers 503.",
}
_logger: Final = logging.getLogger(__name__)


class SwitchedOff(Unavailable):
    """This has been switched off for now."""


class NotSwitchable(Unavailable):
    """Flags cannot be switched here: there is no KV namespace that would keep it."""


class Switched(BaseModel):
    """What KV keeps of a flag: a hand may leave out who and when."""

    is_on: bool
    switched_at: datetime | None = None
    switched_by: str | None = None


class FeatureFlag(Switched):
    """A flag as it stands; who and when are null while the setting decides."""

    name: FlagName
    meaning: str = Field(description="What it is, and what happens while it is off.")
    default_is_on: bool = Field(description="What holds where nobody has switched it.")


class FlagBindings(Protocol):
    """What the flags are read with; a Worker's bindings have more."""

    @property
    def switches(self) -> Cache | None:
        """Return the KV namespace that keeps what was switched, if there is one."""
        ...

    @property
    def flags(self) -> HeldFlags:
        """Return what this isolate holds of the flags."""
        ...

    @property
    def settings(self) -> Settings:
        """Return the settings, which have the defaults."""
        ...


class HeldFlags:
    """What one isolate knows of the flags, each for a minute."""

    def __init__(self) -> None:
        self._held: dict[FlagName, tuple[datetime, bool]] = {}

    def find(self, name: FlagName, now: datetime) -> bool | None:
        """Return whether a flag is on, or None if that has to be read."""
        held = self._held.get(name)
        return held[1] if held is not None and now < held[0] else None

    def asking(self, name: FlagName, now: datetime, *, default: bool) -> None:
        """Let the others go by what was known last, while one asks."""
        last = self._held.get(name, (now, default))[1]
        self._held[name] = (now + ASKING, last)

    def keep(self, name: FlagName, now: datetime, *, is_on: bool) -> None:
        """Hold what a flag is from now on."""
        self._held[name] = (now + HELD, is_on)


async def is_on(bindings: FlagBindings, name: FlagName, now: datetime) -> bool:
    """Return whether a flag is on, as of at most a minute ago."""
    held = bindings.flags.find(name, now)
    if held is not None:
        return held
    bindings.flags.asking(name, now, default=name not in bindings.settings.FLAGS_OFF)
    read = (await read_flag(bindings, name)).is_on
    bindings.flags.keep(name, now, is_on=read)
    return read


async def require(bindings: FlagBindings, name: FlagName, now: datetime) -> None:
    """Let through while a flag is on.

    Raises:
        SwitchedOff: It is off.
    """
    if not await is_on(bindings, name, now):
        raise SwitchedOff(f"{name} is switched off", headers={"Retry-After": RETRY_SECONDS})


async def read_flag(bindings: FlagBindings, name: FlagName) -> FeatureFlag:
    """Return a flag as it stands in KV, or by default."""
    default = name not in bindings.settings.FLAGS_OFF
    kept = await bindings.switches.get(_key(name)) if bindings.switches is not None else None
    try:
        switched = Switched(is_on=default) if kept is None else Switched.model_validate(kept)
    except ValidationError:
        _logger.warning("flag not readable", extra={"flag": name})
        switched = Switched(is_on=default)
    return _flag(bindings, name, switched)


async def switch(
    bindings: FlagBindings, name: FlagName, *, is_on: bool, by: str, at: datetime
) -> FeatureFlag:
    """Switch a flag for every Worker; all isolates know within two minutes.

    Raises:
        NotSwitchable: There is no KV.
        Unavailable: KV did not take it.
    """
    switched = Switched(is_on=is_on, switched_at=at, switched_by=by)
    await _store(bindings).keep(_key(name), switched.model_dump(mode="json"))
    bindings.flags.keep(name, at, is_on=is_on)
    _logger.warning("flag switched", extra={"flag": name, "is_on": is_on, "by": by})
    return _flag(bindings, name, switched)


async def reset(bindings: FlagBindings, name: FlagName, *, by: str, at: datetime) -> None:
    """Let the setting decide again. Raises as `switch` does."""
    await _store(bindings).keep(_key(name), None)
    bindings.flags.keep(name, at, is_on=name not in bindings.settings.FLAGS_OFF)
    _logger.warning("flag reset", extra={"flag": name, "by": by})


def named(text: str) -> FlagName:
    """Return the name of a flag. Raises NotFound."""
    for name in FLAG_NAMES:
        if name == text:
            return name
    raise NotFound(f"there is no flag {text}; there are {', '.join(FLAG_NAMES)}")


def _store(bindings: FlagBindings) -> Cache:
    if bindings.switches is None:
        raise NotSwitchable("binding KV is not there; the setting FLAGS_OFF decides")
    return bindings.switches


def _flag(bindings: FlagBindings, name: FlagName, switched: Switched) -> FeatureFlag:
    default = name not in bindings.settings.FLAGS_OFF
    return FeatureFlag(
        name=name, meaning=MEANINGS[name], default_is_on=default, **switched.model_dump()
    )


def _key(name: FlagName) -> str:
    return f"flag:{name}"
