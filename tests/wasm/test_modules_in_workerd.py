"""Our JavaScript modules do on workerd what the other tests see them do on Node."""

import json
import shutil
import subprocess
import tomllib
from typing import Any

import pytest

from tests.wasm.edge_worker import HERE, ROOT

LIMIT = 1000
SENT = {"told": "so", "method": "POST", "type": "text/plain"}


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    config = tomllib.loads((ROOT / "wrangler.platform.toml").read_text(encoding="utf-8"))
    done = subprocess.run(
        [
            shutil.which("node") or "node",
            str(HERE / "modules_in_workerd.mjs"),
            config["compatibility_date"],
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    answers: dict[str, Any] = json.loads(done.stdout)
    return answers


def test_a_body_is_read_as_far_as_the_limit(found: dict[str, Any]) -> None:
    at = SENT | {"url": "/bounded"}
    assert found["small"] == at | {"length": str(LIMIT), "got": LIMIT}
    assert found["small_chunked"] == at | {"length": None, "got": LIMIT}
    assert found["large"] == at | {"length": str(LIMIT + 1), "got": 0}
    assert found["large_chunked"] == at | {"length": str(LIMIT + 1), "got": 0}


def test_a_hot_request_is_one_text(found: dict[str, Any]) -> None:
    assert found["asked"] == SENT | {"path": "/asked", "query": "a=b", "body": "bb"}
    assert found["not_asked"] == {"told": "so"}


@pytest.mark.parametrize("source", ["sent", "object"])
def test_pieces_are_large(found: dict[str, Any], source: str) -> None:
    assert found[source]["bytes"] == 3_000_000
    assert found[source]["number"] <= 12


def test_bindings_are_called(found: dict[str, Any]) -> None:
    assert found["calls"] == {
        "told": "so", "took": [[{"a": 1}], 1, 2], "same": True, "other": False
    }  # fmt: skip
