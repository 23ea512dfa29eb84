"""Settings out of a Worker's environment."""

from __future__ import annotations

from typing import Any

from shared.config import Settings, load_settings


def settings_of(env: Any, *, required: frozenset[str] = frozenset()) -> Settings:
    """Read the variables and secrets that the settings know.

    Raises:
        SettingsInvalid: Names every missing or bad key.
    """
    values = {name: getattr(env, name, None) for name in Settings.model_fields}
    return load_settings(
        {name: text for name, text in values.items() if isinstance(text, str)}, required=required
    )
