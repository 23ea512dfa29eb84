"""The HTTP face of the emulated shop: GraphQL, bulk results, tokens and the test controls."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from urllib.parse import parse_qsl

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local.shopify.api import AdminApi
from local.shopify.control import control_routes
from local.shopify.downloads import download
from local.shopify.faults import Fault, Faults
from local.shopify.options import EmulatorOptions
from local.shopify.queries.cost import Throttle
from local.shopify.queries.execute import Executor
from local.shopify.store import Store
from shared.ports import Json, JsonObject

Endpoint = Callable[[Request], Awaitable[Response]]
_BAD_TOKEN = "[API] Invalid API key or access token (unrecognized login or wrong password)"  # noqa: S105
_REFUSALS = {
    Fault.HTTP_401: (401, _BAD_TOKEN),
    Fault.HTTP_402: (402, "This shop's plan does not have access to this feature"),
    Fault.HTTP_423: (423, "This shop is unavailable"),
    Fault.HTTP_429: (429, "Exceeded 2 calls per second for api client. Reduce request rates"),
    Fault.HTTP_430: (430, "Shopify Security Rejection"),
    Fault.HTTP_500: (500, "Internal Server Error"),
    Fault.HTTP_502: (502, "Bad Gateway"),
    Fault.HTTP_503: (503, "Service Unavailable"),
}


class Emulator:
    """One emulated shop behind HTTP."""

    def __init__(self, store: Store, options: EmulatorOptions, faults: Faults) -> None:
        self.store, self.options, self.faults = store, options, faults
        self.api = AdminApi(store, options, faults)
        self.throttle = Throttle(options.throttle_maximum, options.throttle_restore_rate)
        self.executor = Executor(self.api, self.throttle)
        self.tokens: dict[str, int | None] = {options.access_token: None}
        """Accepted tokens and when they expire."""

    async def graphql(self, request: Request) -> Response:
        """Answer `POST /admin/api/{version}/graphql.json`."""
        if (refusal := self._refusal(request)) is not None:
            return refusal
        self.api.address = str(request.base_url).rstrip("/")
        try:
            body = orjson.loads(await request.body())
        except orjson.JSONDecodeError:
            return self.reply({"errors": "Bad Request"}, 400)
        return self.reply(self.executor.execute(body), 200)

    def _refusal(self, request: Request) -> Response | None:
        if self.faults.take(Fault.REDIRECT):
            target = f"https://renamed-shop.myshopify.com{request.url.path}"
            return Response(status_code=301, headers={"Location": target})
        if (fault := self.faults.first(tuple(_REFUSALS))) is not None:
            status, text = _REFUSALS[fault]
            headers = {"Retry-After": "2.0"} if status in {429, 503} else {}
            return self.reply({"errors": text}, status, headers)
        if not self._is_known(request.headers.get("X-Shopify-Access-Token", "")):
            return self.reply({"errors": _BAD_TOKEN}, 401)
        return None

    def _is_known(self, token: str) -> bool:
        if token not in self.tokens:
            return False
        expires = self.tokens[token]
        return expires is None or expires > self.store.now()

    def reply(self, body: Json, status: int, headers: dict[str, str] | None = None) -> Response:
        """Return JSON with the headers that every reply of the API carries."""
        version = "2026-01" if self.faults.take(Fault.WRONG_VERSION) else self.options.api_version
        return Response(
            orjson.dumps(body),
            status,
            {
                "X-Shopify-API-Version": version,
                "X-Request-Id": secrets.token_hex(8),
                **(headers or {}),
            },
            "application/json; charset=utf-8",
        )

    async def token(self, request: Request) -> Response:
        """Answer the client-credentials grant, and the exchange of an installation's code."""
        given = await _form_or_json(request)
        options = self.options
        if "code" in given:
            app = (given.get("client_id"), given.get("client_secret"), given["code"])
            if app != (options.client_id, options.client_secret, options.install_code):
                return self.reply({"error": "invalid_request"}, 400)
            scopes = ",".join(options.scopes)
            return self.reply({"access_token": options.access_token, "scope": scopes}, 200)
        wanted = (self.options.client_id, self.options.client_secret, "client_credentials")
        if (given.get("client_id"), given.get("client_secret"), given.get("grant_type")) != wanted:
            return self.reply({"error": "invalid_client"}, 400)
        token = "shpat_" + secrets.token_hex(16)
        self.tokens[token] = self.store.now() + self.options.token_seconds
        return self.reply(
            {
                "access_token": token,
                "scope": ",".join(self.options.scopes),
                "expires_in": self.options.token_seconds,
            },
            200,
        )

    async def bulk_result(self, request: Request) -> Response:
        """Serve a bulk result at its signed URL."""
        operation = self.api.operations.find(int(request.path_params["number"]))
        signature = request.query_params.get("X-Goog-Signature", "")
        if operation is None or signature != self.api.operations.signature(operation):
            return Response("<Error><Code>SignatureDoesNotMatch</Code></Error>", 403)
        if operation.is_url_expired:
            return Response("<Error><Code>ExpiredToken</Code></Error>", 403)
        return download(request, self.api.operations.path(operation), self.faults)


async def _form_or_json(request: Request) -> JsonObject:
    if "json" in request.headers.get("Content-Type", ""):
        found = orjson.loads(await request.body() or b"{}")
        return found if isinstance(found, dict) else {}
    body = (await request.body()).decode()
    return dict(parse_qsl(body))


def create_app(
    store: Store, options: EmulatorOptions | None = None, *, faults: Faults | None = None
) -> Starlette:
    """Return the emulator as an ASGI app; `app.state.emulator` is the running shop.

    Args:
        store: The shop, generated or imported.
        options: Credentials, speed and limits.
        faults: The handle by which tests make trouble.
    """
    emulator = Emulator(store, options or EmulatorOptions(), faults or Faults())

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        emulator.api.webhooks.start()
        yield
        await emulator.api.close()

    routes = [
        Route("/admin/api/{version}/graphql.json", emulator.graphql, methods=["POST"]),
        Route("/admin/oauth/access_token", emulator.token, methods=["POST"]),
        Route("/bulk-results/{number:int}.jsonl", emulator.bulk_result, methods=["GET", "HEAD"]),
    ]
    if emulator.options.is_controllable:
        routes += control_routes(emulator)
    app = Starlette(routes=routes, lifespan=lifespan)
    app.state.emulator = emulator
    return app
