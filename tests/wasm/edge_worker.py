"""One Worker in its Node process, as the tests see it."""

import contextlib
import itertools
import json
import os
import queue
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from tests.wasm.runtime_files import runtime_files

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
_START = 180.0
_ANSWER = 90.0


class EdgeError(Exception):
    """What the Worker or the harness raised."""


@dataclass(frozen=True)
class Answer:
    """A response, and the heap after it in MiB."""

    status: int
    headers: dict[str, str]
    body: str
    heap: float

    def json(self) -> Any:
        """Return the body's JSON."""
        return json.loads(self.body)


class EdgeWorker:
    """A staged Worker in Pyodide with its Miniflare platform; one command at a time or many."""

    def __init__(self, options: dict[str, Any], *, postgresql: str) -> None:
        environment = os.environ | {
            "CLOUDFLARE_HYPERDRIVE_LOCAL_CONNECTION_STRING_HYPERDRIVE": postgresql,
            "WRANGLER_LOG": "error",
            "WRANGLER_SEND_METRICS": "false",
        }
        self._process = subprocess.Popen(
            [
                shutil.which("node") or "node",
                "--experimental-wasm-jspi",
                "--no-warnings",
                str(HERE / "harness.mjs"),
                json.dumps(options),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=ROOT,
            env=environment,
        )
        self.log: list[str] = []
        self.first_heap = 0.0
        self._answers: dict[int | None, queue.Queue[dict[str, Any]]] = {None: queue.Queue()}
        self._ids = itertools.count(1)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        ready = self._answers[None].get(timeout=_START)
        if "error" in ready:
            raise EdgeError(ready["error"] + "\n" + "\n".join(self.log[-30:]))
        self.origin: str = ready["origin"]

    def ask(self, command: str, **document: Any) -> Any:
        """Send a command and return its result."""
        number = next(self._ids)
        self._answers[number] = queue.Queue()
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"id": number, "command": command, **document}) + "\n")
        self._process.stdin.flush()
        try:
            answer = self._answers[number].get(timeout=_ANSWER)
        except queue.Empty:
            raise EdgeError(f"{command}: no answer\n" + "\n".join(self.log[-30:])) from None
        del self._answers[number]
        if "error" in answer:
            raise EdgeError(answer["error"] + "\n" + "\n".join(self.log[-30:]))
        return answer["result"]

    def fetch(self, url: str, **request: Any) -> Answer:
        """Call an entrypoint's `fetch`."""
        return Answer(**self.ask("fetch", url=url, **request))

    def python(self, module: str, argument: Any = None) -> Any:
        """Run a module's `async def run(env, argument: str) -> str` and return its JSON."""
        return self.ask("python", module=module, argument=argument)

    def weigh(self, entrypoint: str) -> None:
        """Note the heap after the first request, before any test has used the Worker."""
        self.first_heap = self.fetch("http://worker/health", entrypoint=entrypoint).heap

    def add(self, path: Path) -> None:
        """Put a file of this repository on the Worker's import path."""
        target = f"/session/metadata/{path.relative_to(ROOT)}"
        self.ask("write", path=target, text=path.read_text(encoding="utf-8"))

    @contextlib.contextmanager
    def without(self, binding: str) -> Iterator[None]:
        """Take a binding away for the block."""
        self.ask("hide", binding=binding)
        try:
            yield
        finally:
            self.ask("show", binding=binding)

    @contextlib.contextmanager
    def rerouted(self, origin: str, to: str) -> Iterator[None]:
        """Have requests to a host of the internet answered at another address for the block."""
        self.ask("reroute", origin=origin, to=to)
        try:
            yield
        finally:
            self.ask("reroute", origin=origin, to=None)

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)
        self._reader.join(10)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if not line.startswith("@"):
                self.log.append(line.rstrip())
                if os.environ.get("EDGE_LOG"):
                    sys.stderr.write(line)
                continue
            document = json.loads(line[1:])
            self._answers[document.get("id")].put(document)
        self._answers[None].put({"error": "the process ended"})


def seam(folder: Path, bridge_url: str) -> Path:
    """Write the asyncpg seam with the exceptions of the asyncpg that is installed here."""
    package = folder / "asyncpg"
    shutil.copytree(HERE / "seam" / "asyncpg", package)
    stub = package / "__init__.py"
    stub.write_text(stub.read_text().replace("@BRIDGE@", bridge_url))
    shutil.copytree(
        Path(asyncpg.__file__).parent / "exceptions",
        package / "exceptions",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    return folder


def worker_options(worker: str, config: str, seam_folder: Path, **more: Any) -> dict[str, Any]:
    """Return what the harness needs to start a staged Worker."""
    return {
        "bundle": str(ROOT / "build" / worker),
        "modules": str(ROOT / "python_modules"),
        "seam": str(seam_folder),
        "config": str(ROOT / config),
        "runtimeFiles": runtime_files(),
        "durableObjects": {},
        "vars": {},
        **more,
    }
