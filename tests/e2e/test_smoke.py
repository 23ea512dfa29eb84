"""The whole platform on an empty state: sync, measure, check, and leave nothing behind."""

from pathlib import Path

import pytest

from tests.e2e.commands import processes_of, run


@pytest.mark.slow
async def test_smoke_passes_and_leaves_no_process(tmp_path: Path) -> None:
    state = tmp_path / "state"
    code, output = await run("smoke", "--orders", "300", "--state", str(state))
    assert code == 0, output
    assert "smoke: all is right" in output
    assert processes_of(state) == []
