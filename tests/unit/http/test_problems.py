"""Every error answer is a problem document that says what, where and under which id."""

import logging
from collections.abc import AsyncIterator
from typing import Annotated

import httpx
import pytest
from fastapi import FastAPI, Query
from pydantic import BaseModel, Field

from shared.errors import Conflict, FieldProblem, InvalidInput, NotFound, Unavailable
from shared.http import problems
from shared.http.middleware.body_limit import BodyLimit
from shared.http.middleware.errors import Errors
from shared.http.middleware.request_id import RequestId
from shared.http.middleware.security_headers import SecurityHeaders

LIMIT = 1_000


class TeapotMissing(NotFound):
    """There is no such teapot."""


class Weights(BaseModel):
    w7: Annotated[int, Field(ge=0)]


class Spec(BaseModel):
    weights: Weights
    tags: list[str] = []


def application() -> FastAPI:
    app = FastAPI()
    problems.install(app)

    @app.get("/teapots/{teapot_id}")
    async def teapot(teapot_id: str) -> None:
        raise TeapotMissing(teapot_id)

    @app.get("/list")
    async def listed(limit: Annotated[int, Query(ge=1)]) -> int:
        return limit

    @app.post("/specs")
    async def specs(spec: Spec) -> Spec:
        return spec

    app.delete("/teapots/{teapot_id}")(teapot)

    @app.get("/boom")
    async def boom() -> None:
        raise RuntimeError("password=hunter2")

    @app.get("/run")
    async def run() -> None:
        raise Conflict("running", members={"run_id": "run_1"}, headers={"Location": "/runs/run_1"})

    @app.get("/rule")
    async def rule() -> None:
        raise InvalidInput(problems=[FieldProblem("/w7", "must be above 0")])

    app.add_middleware(BodyLimit, limit=LIMIT)
    for outer in (Errors, SecurityHeaders, RequestId):
        app.add_middleware(outer)
    return app


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(application())
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        yield http


def check(response: httpx.Response, status: int, kind: str) -> dict[str, object]:
    """Return the problem, once it is one."""
    problem: dict[str, object] = response.json()
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert problem["type"] == f"urn:problem:{kind}"
    assert problem["status"] == status
    assert problem["instance"] == response.request.url.path
    assert problem["request_id"] == response.headers["x-request-id"] != ""
    assert problem["title"]
    assert problem["detail"]
    return problem


async def test_a_domain_error_is_named_by_its_class(client: httpx.AsyncClient) -> None:
    problem = check(await client.get("/teapots/t1"), 404, "teapot-missing")
    assert problem["title"] == "There is no such teapot."
    assert problem["detail"] == "t1"


async def test_an_error_may_bring_members_and_headers(client: httpx.AsyncClient) -> None:
    response = await client.get("/run")
    assert check(response, 409, "conflict")["run_id"] == "run_1"
    assert response.headers["location"] == "/runs/run_1"


async def test_a_rule_of_the_domain_points_at_its_field(client: httpx.AsyncClient) -> None:
    problem = check(await client.get("/rule"), 422, "invalid-input")
    assert problem["errors"] == [{"pointer": "/w7", "detail": "must be above 0"}]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"weights": {"w7": -1}}, "/weights/w7"),
        ({"weights": {}}, "/weights/w7"),
        ({}, "/weights"),
        ({"weights": {"w7": 1}, "tags": ["a", 2]}, "/tags/1"),
        ([], ""),
    ],
)
async def test_a_payload_that_is_not_valid_is_422(
    client: httpx.AsyncClient, body: object, pointer: str
) -> None:
    problem = check(await client.post("/specs", json=body), 422, "invalid-input")
    assert problem["errors"][0]["pointer"] == pointer  # type: ignore[index]


@pytest.mark.parametrize("text", [b"{", b"", b"\xff", b'{"weights": NaN}'])
async def test_a_body_that_cannot_be_read_is_never_500(
    client: httpx.AsyncClient, text: bytes
) -> None:
    response = await client.post(
        "/specs", content=text, headers={"content-type": "application/json"}
    )
    check(
        response,
        *{400: (400, "bad-request"), 422: (422, "invalid-input")}[response.status_code],
    )


async def test_broken_json_is_400(client: httpx.AsyncClient) -> None:
    response = await client.post(
        "/specs", content=b"{", headers={"content-type": "application/json"}
    )
    check(response, 400, "bad-request")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
async def test_a_body_of_another_type_is_415(client: httpx.AsyncClient, kind: str) -> None:
    response = await client.post("/specs", content=b"{}", headers={"content-type": kind})
    check(response, 415, "unsupported-media-type")


@pytest.mark.parametrize("query", ["", "?limit=0", "?limit=x"])
async def test_a_query_that_is_not_valid_is_400(client: httpx.AsyncClient, query: str) -> None:
    problem = check(await client.get(f"/list{query}"), 400, "bad-request")
    assert problem["errors"][0]["pointer"] == "/limit"  # type: ignore[index]


async def test_unknown_paths_and_methods(client: httpx.AsyncClient) -> None:
    check(await client.get("/nowhere"), 404, "not-found")
    response = await client.delete("/specs")
    check(response, 405, "method-not-allowed")
    assert response.headers["allow"] == "POST"
    response = await client.put("/teapots/1")
    assert response.headers["allow"] == "DELETE, GET"


async def test_what_nobody_expected_is_logged_once_and_not_told(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        response = await client.get("/boom", headers={"x-request-id": "request-0001"})
    check(response, 500, "internal-error")
    assert "hunter2" not in response.text
    errors = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert [vars(record)["request_id"] for record in errors] == ["request-0001"]
    assert errors[0].exc_info


@pytest.mark.parametrize("chunked", [True, False])
async def test_a_body_over_the_limit_is_413(client: httpx.AsyncClient, chunked: bool) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(11):
            yield b" " * 100

    content = chunks() if chunked else b" " * 1_100
    response = await client.post(
        "/specs", content=content, headers={"content-type": "application/json"}
    )
    check(response, 413, "payload-too-large")


async def test_a_body_of_the_limit_is_read(client: httpx.AsyncClient) -> None:
    body = b'{"weights": {"w7": 1}}'.ljust(LIMIT)
    response = await client.post(
        "/specs", content=body, headers={"content-type": "application/json"}
    )
    assert response.status_code == 200


async def test_a_length_that_is_no_number_is_400(client: httpx.AsyncClient) -> None:
    response = await client.post("/specs", content=b"", headers={"content-length": "-1"})
    check(response, 400, "bad-request")


@pytest.mark.parametrize("given", ["abc-DEF_1.2345", "4bf92f3577b34da6a3ce929d0e0e4736"])
async def test_a_good_request_id_is_kept(client: httpx.AsyncClient, given: str) -> None:
    response = await client.get("/list?limit=1", headers={"x-request-id": given})
    assert response.headers["x-request-id"] == given


@pytest.mark.parametrize(
    "given", ["short", "a" * 129, "evil id with spaces", "\t12345678", "ü" * 9]
)
async def test_a_bad_request_id_is_replaced(client: httpx.AsyncClient, given: str) -> None:
    headers = {"x-request-id": given.encode()}
    response = await client.get("/list?limit=1", headers=headers)
    assert response.headers["x-request-id"].startswith("req_")


async def test_every_answer_has_the_security_headers(client: httpx.AsyncClient) -> None:
    for path in ("/list?limit=1", "/nowhere", "/boom"):
        headers = (await client.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert "default-src 'none'" in headers["content-security-policy"]


async def test_what_is_not_available_is_told_and_logged_in_a_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = FastAPI()
    problems.install(app)

    @app.get("/away")
    async def away() -> None:
        raise Unavailable("binding X is not there", headers={"Retry-After": "60"})

    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://test"
    ) as client:
        answer = await client.get("/away")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    assert answer.json()["detail"] == "binding X is not there"
    (told,) = [record for record in caplog.records if record.name == problems.__name__]
    assert (told.levelname, told.getMessage()) == ("WARNING", "not available")
    assert (told.reason, told.path) == ("binding X is not there", "/away")  # type: ignore[attr-defined]
    assert told.exc_info is None
