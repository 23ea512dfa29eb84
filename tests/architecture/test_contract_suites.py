"""Every port has a contract suite, and every adapter is under one."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
SUITES = ROOT / "tests" / "contract" / "suites"
SUITE_OF_PORT = {
    "ObjectStore": "object_store",
    "Queue": "queue",
    "EventStream": "event_stream",
    "Counters": "counters",
    "Cache": "cache",
    "Watermarks": "watermarks",
    "Step": "workflows",
    "Workflows": "workflows",
    "SignatureVerifier": "signatures",
}
ELSEWHERE = {
    "Database": "tests/contract/test_database.py runs over both adapters in CPython",
    "Databases": "tests/contract/test_database.py runs over both adapters in CPython",
    "Measurement": "tests/contract/test_measurement.py: in process, and over HTTP",
}
NOT_IN_WASM = {
    "counters": "Analytics Engine's SQL API has no local emulation: tests/wasm/test_counters.py",
}


OF_NO_PORT = {
    "table_reader": "the two readers of the lake, neither of which a Worker has",
}


def ports() -> set[str]:
    tree = ast.parse((ROOT / "shared" / "ports.py").read_text(encoding="utf-8"))
    return {
        node.name
        for node in tree.body
        if isinstance(node, ast.ClassDef) and any(ast.unparse(b) == "Protocol" for b in node.bases)
    }


def adapters(folder: str) -> set[str]:
    return {
        path.stem
        for path in (ROOT / "shared" / "adapters" / folder).glob("*.py")
        if path.stem != "__init__"
    }


def suites() -> set[str]:
    return {path.stem for path in SUITES.glob("*.py")} - {"checks", "__init__"} - OF_NO_PORT.keys()


def test_every_port_has_a_suite() -> None:
    assert ports() == SUITE_OF_PORT.keys() | ELSEWHERE.keys()
    assert set(SUITE_OF_PORT.values()) <= suites()
    for reason in ELSEWHERE.values():
        file = reason.partition(" ")[0].rstrip(":")
        assert (ROOT / file).exists(), file


def test_every_suite_runs_over_both_runtimes() -> None:
    from tests.wasm.test_contracts import WORKER_OF_SUITE  # noqa: PLC0415 - the list it checks

    assert suites() == WORKER_OF_SUITE.keys() | NOT_IN_WASM.keys()
    for suite in suites():
        embedded = ROOT / "tests" / "contract" / f"test_{suite}.py"
        assert "test_embedded" in embedded.read_text(encoding="utf-8")


def test_both_runtimes_have_the_same_adapters() -> None:
    mirrored = adapters("embedded") & adapters("cloudflare")
    assert mirrored >= {
        "access", "cache", "counters", "database", "object_store", "queue", "stream",
        "watermarks", "workflows",
    }  # fmt: skip
