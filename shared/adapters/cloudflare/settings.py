"""A Worker's environment: its bindings by name, and settings out of its variables and secrets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from shared.adapters.cloudflare.javascript import function
from shared.config import Settings, load_settings
from shared.errors import Unavailable

BuiltT = TypeVar("BuiltT")


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
    """Return a binding as JavaScript has it, without the dozen crossings of the SDK's checks."""
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


class Once(Generic[BuiltT]):
    """What an isolate builds out of its environment: once, and anew if that ever changes.

    Args:
        build: Takes the environment; what it raises, each request is told.
    """

    def __init__(self, build: Callable[[Any], BuiltT]) -> None:
        self._build = build
        self._built: BuiltT | None = None
        self._seen: Any = None

    def of(self, env: Any) -> BuiltT:
        """Return what is built out of an environment."""
        script = getattr(env, "_env", env)
        if self._built is None or not function("isSame")(script, self._seen):
            self._built = self._build(env)
            self._seen = function("seen")(script)
        return self._built
