"""JavaScript Workers under our own configurations, to prove how the development stack joins them.

Bindings, queues, Workflows, names and variables are those of the real configurations; only the code
and what makes it Python are replaced.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Final

from local.edge.dev import ROOT

CODE: Final = Path(__file__).with_name("stand_ins")
PYTHONS_OWN: Final = ("env", "build", "rules", "python_modules", "compatibility_flags")


def write_stand_ins(directory: Path) -> None:
    """Write the three Workers with their configurations."""
    for name in ("dashboard", "platform", "ingest"):
        config = tomllib.loads((ROOT / f"wrangler.{name}.toml").read_text(encoding="utf-8"))
        classes = [item["class_name"] for item in config.get("workflows", [])]
        exported = "".join(f"export class {one} extends Workflow {{}}\n" for one in classes)
        folder = directory / name
        folder.mkdir()
        (folder / "entry.mjs").write_text((CODE / f"{name}.mjs").read_text() + exported)
        for key in PYTHONS_OWN:
            del config[key]
        config["main"] = f"{name}/entry.mjs"
        (directory / f"wrangler.{name}.toml").write_text(_as_toml(config))


def _as_toml(config: dict[str, object]) -> str:
    """Return the configuration as TOML, one inline value a line."""
    return "".join(f"{key} = {_inline(value)}\n" for key, value in config.items())


def _inline(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_inline(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(_inline(one) for one in value) + "]"
    return json.dumps(value)
