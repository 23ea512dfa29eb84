"""A Worker's environment: its bindings by name, and settings out of its variables and secrets."""

from __future__ import annotations

from typing import Any

from shared.config import Settings, load_settings
from shared.errors import Unavailable


class BindingMissing(Unavailable, AttributeError):
    """The Worker is deployed without a binding that it needs."""


class Bindings:
    """The environment, in which a binding that is not there has a name and answers 503."""

    def __init__(self, env: Any) -> None:
        self._env = env

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._env, name, None)
        if value is None:
            raise BindingMissing(f"binding {name} is not there", headers={"Retry-After": "60"})
        return value


def raw(env: Any, name: str) -> Any:
    """Return a binding as JavaScript has it, without the dozen crossings of the SDK's checks.

    For the hot routes: every request has an environment of its own, which keeps nothing.
    """
    value = getattr(getattr(env, "_env", env), name, None)
    if value is None:
        raise BindingMissing(f"binding {name} is not there", headers={"Retry-After": "60"})
    return value


def settings_of(env: Any, *, required: frozenset[str] = frozenset()) -> Settings:
    """Read the variables and secrets that the settings know.

    Raises:
        SettingsInvalid: Names every missing or bad key.
    """
    values = {name: getattr(env, name, None) for name in Settings.model_fields}
    return load_settings(
        {name: text for name, text in values.items() if isinstance(text, str)}, required=required
    )


class SettingsOnce:
    """The settings of an isolate, read at its first request: they do not change while it lives."""

    def __init__(self) -> None:
        self._settings: Settings | None = None

    def of(self, env: Any) -> Settings:
        """Return the settings. Raises SettingsInvalid, each time anew."""
        if self._settings is None:
            self._settings = settings_of(env)
        return self._settings
