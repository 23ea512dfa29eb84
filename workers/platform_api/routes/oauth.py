"""The route where OAuth clients of publishers get their access tokens."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute

from platform_api.dependencies import Bound
from platform_api.token_requests import FORM, token_request
from shared.errors import DomainError
from shared.http.problems import problem_response, responses
from shared.publishers.access import authenticate_client, issue_token
from shared.publishers.access_models import TokenAnswer
from shared.publishers.rate_limits import spend


class OAuthRoute(APIRoute):
    """Answers what a client did wrong with a problem that has the members of RFC 6749."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler, which knows these errors."""
        handler = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await handler(request)
            except DomainError as error:
                if error.status >= _SERVER_ERROR:
                    raise
                return _refusal(request, error)

        return handled


def _refusal(request: Request, error: DomainError) -> Response:
    """Return the problem, with the members of RFC 6749, section 5.2."""
    name = _NAMES.get(error.status, "invalid_request")
    error.members = {"error": name, "error_description": error.detail, **error.members}
    return problem_response(request, error)


router = APIRouter(prefix="/oauth", tags=["OAuth"], route_class=OAuthRoute)

_NAMES: Final = {403: "unauthorized_client", 429: "temporarily_unavailable"}
"""What RFC 6749 calls an error that has no name yet."""
_SERVER_ERROR: Final = 500
_TEXT: Final = {"type": "string"}
_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            FORM: {
                "schema": {
                    "type": "object",
                    "required": ["grant_type"],
                    "properties": {
                        "grant_type": {"type": "string", "enum": ["client_credentials"]},
                        "client_id": _TEXT,
                        "client_secret": _TEXT,
                        "scope": _TEXT,
                    },
                }
            }
        },
    },
    "security": [{}, {"client": []}],
}


@router.post(
    "/token",
    summary="Get an access token",
    responses=responses(400, 403, 413, 415, 429),
    openapi_extra=_BODY,
)
async def issue_access_token(request: Request, response: Response, bindings: Bound) -> TokenAnswer:
    """Client credentials (RFC 6749) in the body or as Basic."""
    asked, now = await token_request(request), bindings.clock.now()
    async with bindings.databases.open() as db:
        client = await authenticate_client(db, asked.client_id, asked.client_secret, now=now)
        request.state.rate_limit = (await spend(db, client, now=now)).headers
        token = await issue_token(db, client, asked.scope, now=now)
    response.headers["Pragma"] = "no-cache"
    return token
