"""Keys are asked for once an hour, and once more when a token names one that is not known."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shared.clock import FixedClock
from shared.errors import Unavailable
from shared.identity.jwks import HttpJwks, JwksCache


class Team:
    """Access' key page of a team, counted."""

    def __init__(self) -> None:
        self.document: object = {"keys": [rsa("k1"), rsa("k2")]}
        self.status = 200
        self.asked = 0
        self.app = Starlette(routes=[Route("/cdn-cgi/access/certs", self.certs)])

    async def certs(self, _: Request) -> Response:
        self.asked += 1
        return JSONResponse(self.document, status_code=self.status)


def rsa(kid: str, **changes: object) -> dict[str, object]:
    return {
        "kid": kid,
        "kty": "RSA",
        "alg": "RS256",
        "use": "sig",
        "n": "AQ",
        "e": "AQAB",
    } | changes


@pytest.fixture
def team() -> Team:
    return Team()


@pytest.fixture
def clock() -> Iterator[FixedClock]:
    return FixedClock(datetime(2026, 11, 20, tzinfo=UTC))


@pytest.fixture
def jwks(team: Team, clock: FixedClock) -> HttpJwks:
    return HttpJwks(
        JwksCache(),
        issuer="https://team.cloudflareaccess.com",
        http=lambda: httpx.AsyncClient(transport=httpx.ASGITransport(team.app)),
        clock=clock,
    )


async def test_keys_are_kept_for_an_hour(team: Team, clock: FixedClock, jwks: HttpJwks) -> None:
    for _ in range(3):
        assert await jwks.key("k1")
        assert await jwks.key("k2")
    assert team.asked == 1
    clock.advance(timedelta(minutes=59))
    assert await jwks.key("k1")
    assert team.asked == 1
    clock.advance(timedelta(minutes=2))
    assert await jwks.key("k1")
    assert team.asked == 2


async def test_a_rotated_key_is_found_without_waiting(
    team: Team, clock: FixedClock, jwks: HttpJwks
) -> None:
    await jwks.key("k1")
    clock.advance(timedelta(minutes=1))
    team.document = {"keys": [rsa("k2"), rsa("k3")]}
    assert await jwks.key("k3")
    assert await jwks.key("k1") is None


async def test_made_up_kids_do_not_make_us_ask_each_time(
    team: Team, clock: FixedClock, jwks: HttpJwks
) -> None:
    await jwks.key("k1")
    clock.advance(timedelta(minutes=1))
    for number in range(50):
        assert await jwks.key(f"made-up-{number}") is None
    assert team.asked == 2


async def test_kept_keys_serve_while_access_is_down_but_not_for_ever(
    team: Team, clock: FixedClock, jwks: HttpJwks
) -> None:
    await jwks.key("k1")
    team.status = 500
    clock.advance(timedelta(hours=2))
    assert await jwks.key("k1")
    clock.advance(timedelta(hours=23))
    with pytest.raises(Unavailable):
        await jwks.key("k1")


@pytest.mark.parametrize("document", [None, [], {"keys": 1}, {}])
async def test_a_page_that_is_no_key_set_is_not_taken(
    team: Team, jwks: HttpJwks, document: object
) -> None:
    team.document = document
    with pytest.raises(Unavailable):
        await jwks.key("k1")


async def test_only_rs256_signing_keys_are_taken(team: Team, jwks: HttpJwks) -> None:
    team.document = {
        "keys": [
            rsa("enc", use="enc"),
            rsa("ec", kty="EC"),
            rsa("ps", alg="PS256"),
            {"kty": "RSA"},
            "text",
            {"kid": "bare", "kty": "RSA", "n": "AQ", "e": "AQAB"},
        ]
    }
    assert [kid for kid in ("enc", "ec", "ps", "bare") if await jwks.key(kid)] == ["bare"]
