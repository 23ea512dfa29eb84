"""A Dropbox whose share links lead to the files of one directory, for tests and the local platform.

It answers on the loopback what Dropbox's hosts answer, the host as the first path segment:
`https://www.dropbox.com/s/x/a.png?dl=1` is `{url}/www.dropbox.com/s/x/a.png?dl=1`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

CONTENT_HOST: Final = "uc0000000000.dl.dropboxusercontent.com"
_PAGE: Final = "<!DOCTYPE html><html><head><title>Dropbox</title></head><body>{}</body></html>"

Answer = Callable[[int], Response]


@dataclass
class DropboxEmulator:
    """Shares `directory`; `answers` replaces what the content host says of a name."""

    directory: Path
    answers: dict[str, Answer] = field(default_factory=dict)
    """By file name: called with how often the file was asked for, this time included."""
    redirects: dict[str, str] = field(default_factory=dict)
    """By file name: where the share host sends the reader in place of the content host."""
    reads: dict[str, int] = field(default_factory=dict)

    def link(self, name: str) -> str:
        """Return the share link as Dropbox shows it, which leads to a page."""
        key = hashlib.sha256(name.encode()).hexdigest()[:15]
        return f"https://www.dropbox.com/scl/fi/{key}/{quote(name)}?rlkey={key}&st=x&dl=0"

    def app(self) -> Starlette:
        """Return the application that stands for all of Dropbox's hosts."""
        shared, content = self._shared, self._content
        return Starlette(
            routes=[
                Route("/www.dropbox.com/scl/fi/{key}/{name}", shared),
                Route("/www.dropbox.com/s/{key}/{name}", shared),
                Route(f"/{CONTENT_HOST}/cd/0/get/{{name}}", content),
            ]
        )

    async def _shared(self, request: Request) -> Response:
        name = request.path_params["name"]
        if self._file(name) is None and name not in {*self.answers, *self.redirects}:
            return HTMLResponse(_PAGE.format("This item was deleted"), 404)
        if request.query_params.get("dl") != "1":
            return HTMLResponse(_PAGE.format("Preview"))
        target = f"https://{CONTENT_HOST}/cd/0/get/{quote(name)}?dl=1"
        return RedirectResponse(self.redirects.get(name, target), 302)

    async def _content(self, request: Request) -> Response:
        name = request.path_params["name"]
        self.reads[name] = self.reads.get(name, 0) + 1
        if answer := self.answers.get(name):
            return answer(self.reads[name])
        if (path := self._file(name)) is None:
            return HTMLResponse(_PAGE.format("Not found"), 404)
        return FileResponse(path, media_type="application/binary", filename=name)

    def _file(self, name: str) -> Path | None:
        path = self.directory / name
        return path if path.parent == self.directory and path.is_file() else None
