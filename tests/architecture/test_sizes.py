"""Files and functions stay small enough to be read in one go."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILE_LINES = 400
FUNCTION_LINES = 50
ROUTE_LINES = 15
SOURCES = sorted(
    path
    for folder in ("shared", "workers", "bench", "tests")
    for path in (ROOT / folder).rglob("*.py")
)
BANNED_NAMES = {
    "service", "manager", "helper", "helpers", "util", "utils", "common", "base", "core",
    "misc", "data", "info",
}  # fmt: skip


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of the body without the docstring."""
    body = function.body
    if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant) and body[1:]:
        body = body[1:]
    return (body[-1].end_lineno or 0) - body[0].lineno + 1


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_file_can_be_read_in_one_go(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= FILE_LINES, f"{lines} lines"
    long = {f.name: length(f) for f in functions(path) if length(f) > FUNCTION_LINES}
    assert not long, f"functions over {FUNCTION_LINES} lines"
    assert path.stem not in BANNED_NAMES, "the name says nothing"


@pytest.mark.parametrize(
    "path",
    [p for p in SOURCES if p.parent.name == "routes"],
    ids=lambda p: str(p.relative_to(ROOT)),
)
def test_a_route_only_parses_calls_and_renders(path: Path) -> None:
    routes = [
        f
        for f in functions(path)
        if any(
            isinstance(d, ast.Call)
            and isinstance(d.func, ast.Attribute)
            and d.func.attr in {"get", "post", "put", "delete", "patch"}
            for d in f.decorator_list
        )
    ]
    assert {f.name: length(f) for f in routes if length(f) > ROUTE_LINES} == {}
