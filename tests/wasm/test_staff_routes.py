"""The staff API's larger bodies on the edge: a form in through the ASGI bridge, files out of R2."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from shared import limits
from shared.adapters.embedded.database import AsyncpgDatabases
from shared.artifacts.kinds import ArtifactKind
from shared.artifacts.repository import Artifacts
from shared.identity.access import HEADER
from shared.ids import new_id
from tests.fixtures.edge import Surroundings
from tests.wasm.edge_worker import Answer, EdgeWorker

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ROWS = "title,tags,notes\r\n" + f"A,x;y,{'n' * 9_000}\r\n" * 500
BOUNDARY = "----edge"
Ask = Callable[..., Answer]


@pytest.fixture
def ask(dashboard_edge: EdgeWorker, surroundings: Surroundings) -> Ask:
    """Send a request of staff."""

    def send(method: str, path: str, content: Any = None, **headers: str) -> Answer:
        sent = {HEADER: surroundings.access.user_token()}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        request: dict[str, Any] = {"method": method, "headers": sent}
        if content is not None:
            sent.setdefault("Content-Type", "application/json")
            request["body"] = content if isinstance(content, str) else json.dumps(content)
        return dashboard_edge.fetch(f"https://dashboard{path}", **request)

    return send


def keep_export(url: str, key: str, size: int) -> str:
    """Keep a finished export whose file is the object of this key."""

    async def keep() -> str:
        databases = AsyncpgDatabases(url)
        payload = {"kind": "combos", "filters": {}, "key": key, "size": size, "rows": 500}
        async with databases.open() as db:
            kept = await Artifacts(db).add(
                ArtifactKind.DOCUMENT_EXPORT, payload, at=NOW, by="ann", status="ready",
                artifact_id=new_id("mda"),
            )  # fmt: skip
        await databases.close()
        return kept.id

    with ThreadPoolExecutor(1) as thread:  # a loop of its own, beside pytest's
        return thread.submit(asyncio.run, keep()).result()


def test_a_form_goes_in_and_the_file_comes_out_in_ranges(ask: Ask, edge_database_url: str) -> None:
    form = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n'
        f"Content-Type: text/csv\r\n\r\n{ROWS}\r\n--{BOUNDARY}--\r\n"
    )
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    started = ask("POST", "/api/combo-logs/import", form, Content_Type=kind)
    assert started.status == 202, started.body
    assert started.json()["filename"] == "a.csv"
    assert ask("GET", started.headers["location"]).json()["status"] == "requested"
    assert len(ROWS) > limits.OBJECT_RANGE_BYTES
    key = f"inbox/{hashlib.sha256(ROWS.encode()).hexdigest()}"
    export_id = keep_export(edge_database_url, key, len(ROWS))
    path = f"/api/csv/exports/{export_id}/download"
    file = ask("GET", path)
    assert (file.status, file.body) == (200, ROWS)
    assert file.headers["content-disposition"].startswith('attachment; filename="combos-')
    assert file.headers["x-content-type-options"] == "nosniff"
    assert ask("GET", path, If_None_Match=file.headers["etag"]).status == 304


def test_combos_are_kept_changed_and_exported(ask: Ask) -> None:
    made = ask("POST", "/api/combo-logs", {"title": "=Edge", "tags": ["Edge", "Wasm"]})
    assert made.status == 201, made.body
    path = made.headers["location"]
    content = {"title": "=Edge", "tags": ["Edge", "Wasm"], "status": "live"}
    assert ask("PUT", path, content).status == 428
    assert ask("PUT", path, content, If_Match='"1"').status == 200
    assert ask("PUT", path, content, If_Match='"1"').status == 412
    exported = ask("GET", "/api/combo-logs/export?tag=wasm")
    assert exported.status == 200
    assert "'=Edge" in exported.body
    read = ask("GET", "/api/combo-templates")
    again = ask("GET", "/api/combo-templates", If_None_Match=read.headers["etag"])
    assert (read.status, again.status, again.body) == (200, 304, "")


def test_work_is_asked_for_once_and_followed(ask: Ask) -> None:
    first = ask("POST", "/api/combo-suggestions/generate", {}, Idempotency_Key="edge-suggest")
    second = ask("POST", "/api/combo-suggestions/generate", {}, Idempotency_Key="edge-suggest")
    assert (first.status, second.body) == (202, first.body), first.body
    assert second.headers["idempotency-replayed"] == "true"
    run = ask("GET", first.headers["location"])
    assert run.status == 200, run.body
    assert run.json()["steps"] is None, "no lake is there to read them from"
    assert ask("POST", f"{first.headers['location']}/cancel").json()["status"] == "cancelled"
    assert ask("GET", "/api/ingest/dead-letters").status == 200
    states = ask("GET", "/api/health").json()["workflows"]
    assert "suggestion-generation" in {state["workflow"] for state in states}


def test_assets_and_settings_answer(ask: Ask) -> None:
    missing = ask("GET", f"/api/assets/prd_{'0' * 32}")
    assert (missing.status, missing.json()["type"]) == (404, "urn:problem:product-not-found")
    refused = ask("POST", "/api/assets/ingest", {"product_id": "mda_1", "dropbox_url": "x"})
    assert (refused.status, refused.json()["errors"][0]["pointer"]) == (422, "/product_id")
    tried = ask("POST", "/api/performance-metrics/settings/classification/preview", {"w7": -1})
    assert (tried.status, tried.json()["errors"][0]["pointer"]) == (422, "/w7")


def test_a_flag_is_switched_in_kv(ask: Ask) -> None:
    put = ask("PUT", "/api/feature-flags/suggestions", {"is_on": False})
    assert put.status == 200, put.body
    read = ask("GET", "/api/feature-flags").json()["flags"]
    assert put.json() in read
    refused = ask("POST", "/api/combo-suggestions/generate", {})
    assert (refused.status, refused.json()["type"]) == (503, "urn:problem:switched-off")
    assert ask("DELETE", "/api/feature-flags/suggestions").status == 204
    read = ask("GET", "/api/feature-flags").json()["flags"]
    assert all(flag["is_on"] and flag["switched_by"] is None for flag in read)
