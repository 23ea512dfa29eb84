"""The demo keeps serving until it is stopped, and its next start goes on from its state."""

import json
import re
import shlex
import signal
from pathlib import Path

import httpx
import pytest

from shared.identity.access import HEADER
from tests.e2e.commands import processes_of, read_until, run, running

LAST_LINE = "Ctrl-C stops everything"


async def follow_the_curl(output: str) -> httpx.Response:
    """Send the request that the demo prints for pasting."""
    line = next(line for line in output.splitlines() if line.startswith("curl "))
    _, silent, url, flag, header = shlex.split(line)
    assert (silent, flag) == ("-s", "-H")
    name, token = header.split(": ")
    assert name == HEADER
    async with httpx.AsyncClient(trust_env=False) as http:
        return await http.get(url, headers={name: token})


@pytest.mark.slow
async def test_the_demo_serves_stops_and_starts_again(tmp_path: Path) -> None:
    state = tmp_path / "state"
    async with running("demo", "--orders", "150", "--state", str(state)) as demo:
        output = await read_until(demo, LAST_LINE)
        assert "Top products" in output
        items = (await follow_the_curl(output)).json()["items"]
        assert len(items) == 3
        assert items[0]["sales_last_30_days"] >= items[1]["sales_last_30_days"] > 0

        code, printed = await run("fire", "0 * * * *", "--state", str(state))
        assert code == 0, printed
        assert re.fullmatch(r"measurement-refresh-\w+", json.loads(printed)["runs"][0])

        demo.send_signal(signal.SIGINT)
        rest, _ = await demo.communicate()
        assert (demo.returncode, "Traceback" in rest.decode()) == (0, False)
    assert processes_of(state) == []

    async with running("serve", "--state", str(state)) as served:
        output = await read_until(served, LAST_LINE)
        assert (await follow_the_curl(output)).json()["items"] == items
        served.send_signal(signal.SIGTERM)
        await served.communicate()
        assert served.returncode == 0
    assert processes_of(state) == []
