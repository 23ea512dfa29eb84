"""Each known failure mode of other people's syncs has a test that bears its number."""

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
MODES = range(1, 29)
NAME = re.compile(r"def test_failure_(?:modes?_)?((?:\d+_(?:and_)?)+)")


def test_every_failure_mode_has_a_test_with_its_number() -> None:
    found: set[int] = set()
    for path in TESTS.rglob("test_*.py"):
        for numbers in NAME.findall(path.read_text(encoding="utf-8")):
            found.update(int(number) for number in re.findall(r"\d+", numbers))
    assert sorted(set(MODES) - found) == []
