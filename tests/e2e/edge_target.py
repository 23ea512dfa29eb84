"""The Workers in workerd as `make edge` runs them; queue, Workflows and objects are Miniflare's."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime

from tests.e2e.processes import ROOT
from tests.e2e.running_target import RunningTarget


class EdgeTarget(RunningTarget):
    """The three Workers, with everything they reach on this machine."""

    name = "edge"
    quiet = 8.0
    """A batch waits five seconds for its queue's consumer, and nobody tells how many wait."""

    def command(self) -> Sequence[str]:
        """Return the arguments that start the platform."""
        return (
            "edge", "run", "--state", str(self.state.directory), "--shop", self.shop_url,
            "--port", str(self.ports["dashboard"]), "--public-port", str(self.ports["platform"]),
            "--ingest-port", str(self.ports["ingest"]),
        )  # fmt: skip

    async def fire(self, cron: str, at: datetime) -> None:
        """Start what a cron expression starts."""
        time = str(int(at.replace(second=0, microsecond=0).timestamp() * 1000))
        answer = await self.ingest.get(
            "/cdn-cgi/handler/scheduled", params={"cron": cron, "time": time}
        )
        assert (answer.status_code, answer.text) == (200, "ok"), answer.text


def why_not() -> str | None:
    """Return why the Workers cannot run here, or None if they can."""
    done = subprocess.run(
        [sys.executable, "-m", "local", "edge", "ready"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return None if done.returncode == 0 else done.stderr.strip().splitlines()[-1]
