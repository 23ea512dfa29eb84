"""What a deployed environment is configured with: its part of `wrangler.ingest.toml`, its secrets.

Secrets cannot be read back from Cloudflare, so commands take them from the environment.
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from shared.config import Settings, load_settings
from shared.errors import SettingsInvalid

CONFIGURATION: Final = Path(__file__).resolve().parents[2] / "wrangler.ingest.toml"
LOCAL: Final = "local"


@dataclass(frozen=True, slots=True)
class Deployment:
    """One environment of ingest."""

    name: str
    settings: Settings
    hyperdrive_id: str | None


def deployment(name: str) -> Deployment:
    """Return an environment.

    Raises:
        SettingsInvalid: There is none with this name, or something of it is not filled in.
    """
    whole: dict[str, Any] = tomllib.loads(CONFIGURATION.read_text(encoding="utf-8"))
    found = whole["env"].get(name, whole if name == "dev" else None)
    if found is None:
        known = ", ".join([LOCAL, "dev", *whole["env"]])
        raise SettingsInvalid(f"there is no environment {name!r}; there are {known}")
    values = {key: text for key, text in found["vars"].items() if not _is_open(text)}
    values |= {key: os.environ[key] for key in Settings.model_fields if os.environ.get(key)}
    required = frozenset({*found["vars"], *found["secrets"]["required"]}) - _MAY_BE_EMPTY
    settings = load_settings(values, required=required)
    hyperdrive = found["hyperdrive"][0]["id"]
    return Deployment(name, settings, None if _is_open(hyperdrive) else hyperdrive)


_MAY_BE_EMPTY: Final = frozenset(
    {
        "ALERT_WEBHOOK_URL", "MEASUREMENT_URL", "MEASUREMENT_TOKEN", "SHOPIFY_CLIENT_ID",
        "SHOPIFY_CLIENT_SECRET", "SHOPIFY_WEBHOOK_SECRET_PREVIOUS", "STREAMS_URL", "CORS_ORIGIN",
    }
)  # fmt: skip


def _is_open(text: str) -> bool:
    return "<" in text
