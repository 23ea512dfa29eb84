"""Writes what each Worker's API is into `docs/openapi/`: `python -m local.openapi_files`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final, NoReturn

from dashboard_api.app import create_app as dashboard_app
from fastapi import Request
from ingest.app import internal_app
from ingest.public_app import public_app
from platform_api.app import described_app as platform_app

from shared.ports import JsonObject

DIRECTORY: Final = Path(__file__).resolve().parents[2] / "docs" / "openapi"


def documents() -> dict[str, JsonObject]:
    """Return the OpenAPI document of every Worker by its name."""
    return {
        "dashboard": dashboard_app(_unbound).openapi(),
        "platform": platform_app(_unbound).openapi(),
        "ingest": _joined(public_app(_unbound).openapi(), internal_app(_unbound).openapi()),
    }


def files() -> dict[str, str]:
    """Return the text of every file by its name."""
    return {
        f"{name}.json": json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
        for name, document in documents().items()
    }


def main() -> None:
    """Write the files."""
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    for name, text in files().items():
        (DIRECTORY / name).write_text(text, encoding="utf-8")


def _joined(public: JsonObject, internal: JsonObject) -> JsonObject:
    """Return one document of ingest's two entrypoints."""
    about = f"Public: {public['info']['description']} Internal: {internal['info']['description']}"
    schemas = public["components"]["schemas"] | internal["components"]["schemas"]
    return {
        **internal,
        "info": {**internal["info"], "description": about},
        "paths": public["paths"] | internal["paths"],
        "components": {"schemas": schemas},
    }


def _unbound(_: Request) -> NoReturn:
    raise RuntimeError("an application that is only described answers nothing")


if __name__ == "__main__":
    main()
