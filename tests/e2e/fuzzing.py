"""Runs Schemathesis on one of our OpenAPI documents; see its `st run --help`."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from local.openapi_files import DIRECTORY

SEED: Final = os.environ.get("FUZZ_SEED", "1")
CASES: Final = int(os.environ.get("FUZZ_CASES", "3"))
"""Per operation, half of them valid and half not; `make fuzz` has more, and every boundary too."""
PHASES: Final = os.environ.get("FUZZ_PHASES", "fuzzing")
ROOT: Final = str(Path(__file__).parents[2])
_REFUSALS: Final = "positive_data_acceptance"
"""Not checked: a cursor, a link or a version may have the right form and still be refused."""
OPTIONS: Final = (
    "--phases", PHASES, "--seed", SEED, "--workers", "2", "--exclude-checks", _REFUSALS,
    "--generation-database", "none", "--suppress-health-check", "all", "--warnings", "off",
    "--no-color",
)  # fmt: skip
_COUNTS: Final = re.compile(r"(\d+) generated, .*?(?=\n)")


class Outcome(NamedTuple):
    """What came of a run."""

    passed: bool
    counts: str
    output: str


async def fuzz(
    document: str,
    url: str,
    headers: Mapping[str, str],
    *options: str,
    cases: int = CASES,
    environment: Mapping[str, str] | None = None,
) -> Outcome:
    """Send what the document allows, and what it does not, to a Worker.

    Args:
        document: Its name in `docs/openapi`.
        url: Where the Worker is.
        headers: Sent with every request.
        options: More options of `st run`.
        cases: How many per operation.
        environment: What the hooks are told.
    """
    sent = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    where = [str(DIRECTORY / f"{document}.json"), "--url", url, "-n", str(cases)]
    with TemporaryDirectory(prefix="fuzz-") as directory:
        process = await asyncio.create_subprocess_exec(
            *(Path(sys.executable).with_name("st"), "run", *where, *sent, *OPTIONS, *options),
            env={**os.environ, **(environment or {}), "NO_PROXY": "*", "PYTHONPATH": ROOT},
            cwd=directory,  # it keeps what failed there
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
    text = output.decode(errors="replace")
    counts = _COUNTS.search(text)
    return Outcome(process.returncode == 0, counts[0] if counts else "nothing", text)
