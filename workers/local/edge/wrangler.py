"""Runs Wrangler from `node_modules`: each command is shown, secrets masked, before it runs."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from shared.errors import SettingsInvalid, Unavailable

ROOT: Final = Path(__file__).resolve().parents[3]
CONFIGURATIONS: Final = (
    "wrangler.ingest.toml",
    "wrangler.dashboard.toml",
    "wrangler.platform.toml",
)
"""In the order of deployment: what the others bind comes first."""
_SECRET_OPTIONS: Final = {"--catalog-token", "--connection-string"}
_JSON_START: Final = re.compile(r"^[\[{]", re.MULTILINE)

Show = Callable[[str], None]


def show(line: str) -> None:
    """Write a line for the one who started the command."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


@dataclass(frozen=True)
class Done:
    """What a command came to."""

    code: int
    output: str

    def document(self) -> Any:
        """Return the JSON in the output.

        Raises:
            Unavailable: There is none.
        """
        if (start := _JSON_START.search(self.output)) is None:
            raise Unavailable(f"Wrangler answered without JSON: {self.output.strip()[:200]}")
        return json.loads(self.output[start.start() :])


@dataclass(frozen=True)
class Wrangler:
    """Wrangler, or only its commands on the screen where `dry_run` is set."""

    dry_run: bool = False
    show: Show = show
    environment: Mapping[str, str] | None = None
    executable: Sequence[str] = ()

    def ask(self, *arguments: str) -> Done:
        """Run a command that changes nothing; in a dry run it is not run and finds nothing."""
        return self._run(arguments)

    def change(self, *arguments: str) -> Done:
        """Run a command that changes something.

        Raises:
            Unavailable: It failed; its last line says why.
        """
        done = self._run(arguments)
        if done.code != 0:
            lines = [line for line in done.output.splitlines() if line.strip()]
            raise Unavailable(f"wrangler {arguments[0]} failed: {lines[-1] if lines else ''}")
        return done

    def _run(self, arguments: Sequence[str]) -> Done:
        self.show("$ wrangler " + " ".join(_masked(arguments)))
        if self.dry_run:
            return Done(0, "")
        done = subprocess.run(  # noqa: S603 - Wrangler with our own arguments
            [*self.executable, *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return Done(done.returncode, done.stdout + (done.stderr if done.returncode else ""))


def executable() -> tuple[str, ...]:
    """Return how Wrangler is started.

    Raises:
        SettingsInvalid: It is not installed.
    """
    script = ROOT / "node_modules" / "wrangler" / "bin" / "wrangler.js"
    node = shutil.which("node")
    if node is None or not script.exists():
        raise SettingsInvalid("Wrangler is not installed: run `npm ci` (Node comes with `make`)")
    return (node, str(script))


def _masked(arguments: Sequence[str]) -> list[str]:
    shown: list[str] = []
    for before, argument in zip(("", *arguments), arguments, strict=False):
        shown.append("***" if before in _SECRET_OPTIONS else _quoted(argument))
    return shown


def _quoted(argument: str) -> str:
    return f"'{argument}'" if re.search(r"[\s*?()]", argument) else argument
