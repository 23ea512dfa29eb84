"""What a developer may ask of ingest by hand: fire a cron, replay an archive."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Final

import httpx
from ingest.app import internal_app
from ingest.bindings import IngestBindings
from ingest.scheduled import fire
from ingest.settlement import settlement
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from local import asset_controls, run_controls
from local.doctor import examine_local
from local.public_ingest import audit_webhooks
from shared.clock import parse_instant
from shared.errors import DomainError, InvalidInput, NotFound, Unavailable
from shared.ids import new_id
from shared.ports import JsonObject
from shared.sync.replay import replay_archive

PATH: Final = "/cdn-cgi/local/"
INTERNAL: Final = f"{PATH}internal"
"""Where ingest's internal routes are, for who knows the secret."""
HEADER: Final = "X-Local-Control"
TIMEOUT: Final = 3600.0


class RunUnknown(NotFound):
    """There is no sync run with this id among the last 500."""


async def fire_cron(ingest: IngestBindings, text: str) -> JsonObject:
    """Start what belongs to a cron expression, as if its minute were now or at `@ instant`."""
    cron, _, instant = (part.strip() for part in text.partition("@"))
    try:
        at = parse_instant(instant) if instant else ingest.clock.now()
    except ValueError as error:
        raise InvalidInput(f"{instant!r} is no instant") from error
    return {"runs": list(await fire(cron, at, ingest))}


async def replay_run(ingest: IngestBindings, run_id: str) -> JsonObject:
    """Load a sync run's archive again and stream its events again.

    Raises:
        RunUnknown: There is no such run.
        ArchiveNotFound: Its archive is gone.
    """
    run = await ingest.watermarks.run(run_id)
    if run is None or run.get("object") not in {"orders", "products"}:
        raise RunUnknown(f"there is no sync run {run_id!r} among the last 500")
    replayed = await replay_archive(
        ingest.databases,
        ingest.objects,
        ingest.commerce,
        settlement(ingest),
        name=run["object"],
        archive_run=run_id,
        replay_id=new_id("replay"),
        timezone=ingest.settings.SHOP_TIMEZONE,
        loads=ingest.loads,
    )
    return asdict(replayed)


CONTROLS: Final[dict[str, Callable[[IngestBindings, str], Awaitable[JsonObject]]]] = {
    "fire": fire_cron,
    "replay": replay_run,
    "start": run_controls.start,
    "retry-failed": run_controls.retry_failed,
    "letters": run_controls.letters,
    "clean-up": run_controls.clean,
    "asset-ingest": asset_controls.ingest_one,
    "asset-backfill": asset_controls.backfill,
    "asset-audit": asset_controls.audit,
    "asset-repair": asset_controls.repair,
    "webhooks": audit_webhooks,
    "doctor": examine_local,
}


class Controls:
    """Answers `POST /cdn-cgi/local/{control}` to who knows the state's secret, and `internal/`."""

    def __init__(self, app: ASGIApp, ingest: IngestBindings, secret: str) -> None:
        self.app = app
        self.ingest = ingest
        self.secret = secret
        self.internal = Starlette(routes=[Mount(INTERNAL, internal_app(lambda _: ingest))])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        if scope["type"] != "http" or not scope["path"].startswith(PATH):
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        answer: ASGIApp
        if not is_known(request, self.secret):
            answer = JSONResponse({"detail": "not found"}, 404)
        elif request.url.path.startswith(f"{INTERNAL}/"):
            answer = self.internal
        else:
            answer = await self._answer(request)
        await answer(scope, receive, send)

    async def _answer(self, request: Request) -> JSONResponse:
        control = CONTROLS.get(request.url.path.removeprefix(PATH))
        if control is None or request.method != "POST":
            return JSONResponse({"detail": "not found"}, 404)
        try:
            return JSONResponse(await control(self.ingest, (await request.body()).decode()))
        except DomainError as error:
            return JSONResponse({"detail": str(error) or error.title()}, error.status)


def is_known(request: Request, secret: str) -> bool:
    """Return whether the request has the secret of the state directory."""
    return hmac.compare_digest(request.headers.get(HEADER, "").encode(), secret.encode())


async def ask_running(url: str, secret: str, control: str, argument: str) -> JsonObject:
    """Ask the platform that runs at this address.

    Raises:
        Unavailable: It does not answer, or it answers that it cannot.
    """
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=TIMEOUT) as http:
            response = await http.post(
                f"{url}{PATH}{control}", content=argument, headers={HEADER: secret}
            )
        answer: JsonObject = response.json()
    except (httpx.HTTPError, ValueError) as error:
        raise Unavailable(f"the platform at {url} does not answer") from error
    if response.is_success:
        return answer
    raise Unavailable(str(answer.get("detail", response.status_code)))
