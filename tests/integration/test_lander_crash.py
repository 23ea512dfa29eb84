"""A lander that is killed between any two of its acts loses no accepted event and doubles none."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from local.lander import Lander

from shared.adapters.embedded.journal import Journal
from tests.fixtures.lake import Lake

ROOT = Path(__file__).parents[2]
CHILD = Path(__file__).with_name("lander_child.py")
LANDING = ("accept", "claim", "write", "request", "commit", "discard")
COMPACTING = ("compaction-write", "compaction-commit")


def _start(lake: Lake, journal: Path, first: int, act: str) -> subprocess.Popen[str]:
    server = lake.server
    arguments = [str(journal), server.url, server.warehouse, server.token, str(first), act]
    return subprocess.Popen(
        [sys.executable, str(CHILD), *arguments],
        env=os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'workers'}"},
        stdout=subprocess.PIPE,
        text=True,
    )


def _landed(lake: Lake) -> Counter[str]:
    table = lake.catalog.load_table("commerce.telemetry")
    return Counter(table.scan(selected_fields=("event_id",)).to_arrow()["event_id"].to_pylist())


@pytest.mark.parametrize("acts", [LANDING, COMPACTING], ids=["landing", "compacting"])
async def test_killed_after_each_act(lake: Lake, tmp_path: Path, acts: tuple[str, ...]) -> None:
    journals = [tmp_path / f"{act}.sqlite" for act in acts]
    starts = [number * 1000 for number in range(len(acts))]
    children = [_start(lake, *arguments) for arguments in zip(journals, starts, acts, strict=True)]
    accepted: Counter[str] = Counter()
    for act, child in zip(acts, children, strict=True):
        output, _ = child.communicate(timeout=60)
        assert child.returncode == -9, act
        accepted.update(output.split())
    assert set(accepted.values()) == {1}
    for path in journals:
        with closing(Journal(path)) as journal:
            await Lander(journal, lake.catalog).flush()
    assert _landed(lake) == accepted
