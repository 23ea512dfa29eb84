"""Cloudflare Access on this machine: real RS256 tokens, their keys, and the login in front."""

from __future__ import annotations

import os
import secrets
import time
from html import escape
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlencode

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from jwt.algorithms import RSAAlgorithm
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.errors import SettingsInvalid
from shared.identity.access import HEADER
from shared.ids import derived_id

AUDIENCE: Final = "local"
STAFF: Final = "staff@example.com"
COOKIE: Final = "CF_Authorization"
LIFETIME: Final = 24 * 3600
_PREFIX: Final = "/cdn-cgi/access/"
_LOCAL_HOSTS: Final = frozenset({"127.0.0.1", "localhost"})


class AccessEmulator:
    """One team with one key, kept in a directory so that tokens outlive a restart."""

    def __init__(self, directory: Path, issuer: str) -> None:
        self.issuer = issuer
        self._key = _key_in(directory)
        numbers = RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        self.kid = derived_id("key", str(numbers["n"]))
        self._jwk = {"kid": self.kid, "kty": "RSA", "alg": "RS256", "use": "sig"} | {
            name: numbers[name] for name in ("n", "e")
        }
        _write_private(directory / "issuer", issuer.encode())

    @classmethod
    def of_state(cls, directory: Path) -> AccessEmulator:
        """Return the emulator of a state directory under the address it last had.

        Raises:
            SettingsInvalid: The platform never ran there.
        """
        try:
            issuer = (directory / "issuer").read_text()
        except FileNotFoundError as error:
            raise SettingsInvalid(f"the platform never ran in {directory.parent}") from error
        return cls(directory, issuer)

    def user_token(self, email: str = STAFF, *, lifetime: int = LIFETIME) -> str:
        """Return a token such as Access gives a member of staff."""
        subject = derived_id("usr", email)
        return self.signed({"email": email, "sub": subject, "country": "XX"}, lifetime)

    def service_token(self, client_id: str, *, lifetime: int = LIFETIME) -> str:
        """Return a token such as Access gives a service token's requests."""
        return self.signed({"common_name": client_id, "sub": ""}, lifetime)

    def key_set(self) -> dict[str, object]:
        """Return the document of `/cdn-cgi/access/certs`."""
        return {"keys": [self._jwk], "public_cert": {}, "public_certs": []}

    def app(self) -> Starlette:
        """Return the pages below `/cdn-cgi/access/`: keys, login, logout."""

        async def certs(_: Request) -> Response:
            return JSONResponse(self.key_set())

        async def login(request: Request) -> Response:
            target = _local_path(request.query_params.get("redirect_url", "/"))
            if request.method == "GET":
                return _login_page(target)
            form = parse_qs((await request.body()).decode("utf-8", "replace"))
            answer = RedirectResponse(target, status_code=303)
            token = self.user_token(form.get("email", [STAFF])[0])
            answer.set_cookie(COOKIE, token, max_age=LIFETIME, httponly=True, samesite="lax")
            return answer

        async def logout(_: Request) -> Response:
            answer = HTMLResponse("<!doctype html><title>Signed out</title>Signed out.")
            answer.delete_cookie(COOKIE)
            return answer

        return Starlette(
            routes=[
                Route(_PREFIX + "certs", certs),
                Route(_PREFIX + "login", login, methods=["GET", "POST"]),
                Route(_PREFIX + "logout", logout),
            ]
        )

    def signed(self, claims: dict[str, object], lifetime: int = LIFETIME) -> str:
        """Return a token with these claims in place of the standard ones."""
        now = int(time.time())
        standard: dict[str, object] = {
            "aud": [AUDIENCE],
            "iss": self.issuer,
            "type": "app",
            "iat": now,
            "nbf": now,
            "exp": now + lifetime,
            "identity_nonce": secrets.token_hex(8),
        }
        return jwt.encode(standard | claims, self._key, "RS256", headers={"kid": self.kid})


class AccessGate:
    """What Cloudflare's edge does in front of an application: the cookie becomes the header.

    A browser without a token is sent to the login; any other request goes through as it is and
    the application decides. Only for requests to this machine's own names, so that no page
    elsewhere can reach it through a name of its own (DNS rebinding).
    """

    def __init__(self, app: ASGIApp, emulator: AccessEmulator) -> None:
        self.app = app
        self.pages = emulator.app()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        local = request.url.hostname in _LOCAL_HOSTS
        if local and request.url.path.startswith(_PREFIX):
            await self.pages(scope, receive, send)
        elif local and HEADER not in request.headers and _is_page_view(request):
            await self._page(request, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _page(self, request: Request, receive: Receive, send: Send) -> None:
        scope = request.scope
        if token := request.cookies.get(COOKIE):
            header = (HEADER.lower().encode(), token.encode("latin-1"))
            await self.app({**scope, "headers": [*scope["headers"], header]}, receive, send)
        else:
            target = urlencode({"redirect_url": _target(request)})
            await RedirectResponse(f"{_PREFIX}login?{target}", 302)(scope, receive, send)


def _is_page_view(request: Request) -> bool:
    """Tell a browser: it has the cookie, or it asks for a page."""
    asks_for_page = request.method == "GET" and "text/html" in request.headers.get("accept", "")
    return COOKIE in request.cookies or asks_for_page


def _target(request: Request) -> str:
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def _local_path(target: str) -> str:
    """Return the target if it is a path of this host, else the front page."""
    is_path = target.startswith("/") and not target.startswith(("//", "/\\"))
    return target if is_path and target.isprintable() else "/"


def _login_page(target: str) -> Response:
    action = escape(f"{_PREFIX}login?{urlencode({'redirect_url': target})}")
    return HTMLResponse(
        "<!doctype html><meta charset=utf-8><title>Sign in</title>"
        "<body style='font:16px system-ui;max-width:24rem;margin:4rem auto'>"
        "<h1>Local Access</h1><p>This machine only; there is no password.</p>"
        f"<form method=post action='{action}'><input name=email value='{STAFF}' size=30> "
        "<button>Sign in</button></form>",
        headers={"Cache-Control": "no-store", "X-Frame-Options": "DENY"},
    )


def _key_in(directory: Path) -> rsa.RSAPrivateKey:
    path = directory / "key.pem"
    if path.exists():
        key = load_pem_private_key(path.read_bytes(), password=None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise SettingsInvalid(f"{path} is not an RSA key")
        return key
    directory.mkdir(parents=True, exist_ok=True)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    _write_private(path, pem)
    return key


def _write_private(path: Path, content: bytes) -> None:
    beside = path.with_suffix(".new")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
    beside.replace(path)
