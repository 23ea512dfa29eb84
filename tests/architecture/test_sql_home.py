"""SQL lives in repositories, in the SQL text of the measurement, and in adapters; nowhere else."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STATEMENT = re.compile(
    r"^\s*(?:SELECT\s.+\sFROM|INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|WITH\s+\w+\s+AS)\b",
    re.IGNORECASE | re.DOTALL,
)
HOMES = (
    "shared/adapters/",
    "shared/performance/sql",
    "shared/records.py",  # builds the one statement that writes records
    "shared/telemetry_schemas.py",
    "workers/local/",
)
SOURCES = sorted([*(ROOT / "shared").rglob("*.py"), *(ROOT / "workers").rglob("*.py")])


def is_home(path: Path) -> bool:
    name = path.relative_to(ROOT).as_posix()
    return name.startswith(HOMES) or "repository" in path.name or "statements" in path.name


@pytest.mark.parametrize(
    "path", [p for p in SOURCES if not is_home(p)], ids=lambda p: str(p.relative_to(ROOT))
)
def test_no_statement_outside_its_home(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = [
        node.value[:80]
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and STATEMENT.match(node.value)
    ]
    assert not found
