"""The route where OAuth clients of publishers get their access tokens."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request, Response

from platform_api.dependencies import Bound
from platform_api.token_requests import FORM, token_request
from shared.http.problems import responses
from shared.publishers.access import authenticate_client, issue_token
from shared.publishers.access_models import TokenAnswer
from shared.publishers.rate_limits import spend

router = APIRouter(prefix="/oauth", tags=["OAuth"])

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
    """Client credentials (RFC 6749) in the body or as Basic; errors are problems with `error`."""
    asked, now = await token_request(request), bindings.clock.now()
    async with bindings.databases.open() as db:
        client = await authenticate_client(db, asked.client_id, asked.client_secret, now=now)
        request.state.rate_limit = (await spend(db, client, now=now)).headers
        token = await issue_token(db, client, asked.scope, now=now)
    response.headers["Pragma"] = "no-cache"
    return token
