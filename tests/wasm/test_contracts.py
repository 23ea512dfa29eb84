"""The contract suites of the ports, over the Cloudflare adapters in Pyodide."""

import importlib
from pathlib import Path

import pytest

from tests.wasm.edge_worker import EdgeWorker

ROOT = Path(__file__).parents[2]
WORKER_OF_SUITE = {
    "object_store": "ingest_edge",
    "signatures": "ingest_edge",
    "watermarks": "ingest_edge",
    "event_stream": "ingest_edge",
    "queue": "ingest_edge",
    "workflows": "ingest_edge",
    "cache": "platform_edge",
}
CASES = [
    (suite, case.__name__)
    for suite in WORKER_OF_SUITE
    for case in importlib.import_module(f"tests.contract.suites.{suite}").CASES
]
_PREPARED: set[str] = set()


def prepared(request: pytest.FixtureRequest, worker: str) -> EdgeWorker:
    """Return a Worker that has the suites on its import path."""
    edge: EdgeWorker = request.getfixturevalue(worker)
    if worker not in _PREPARED:
        folder = ROOT / "tests" / "contract" / "suites"
        for path in [*folder.glob("*.py"), ROOT / "tests" / "wasm" / "subjects.py"]:
            edge.add(path)
        _PREPARED.add(worker)
    return edge


@pytest.mark.parametrize(("suite", "case"), CASES, ids=lambda value: value)
def test_adapter(request: pytest.FixtureRequest, suite: str, case: str) -> None:
    edge = prepared(request, WORKER_OF_SUITE[suite])
    problem = edge.python("tests.wasm.subjects", [suite, case])
    assert problem is None, problem
