"""Nothing of the staff API answers without a valid token, and no body is read before."""

import asyncio
import json
import re
from urllib.parse import urlsplit

import httpx
import pytest
from local.access_emulator import COOKIE

from shared.identity.access import HEADER
from tests.fixtures.staff_api import StaffApi

PATHS = (
    ("GET", "/api/performance-metrics"),
    ("GET", "/api/performance-metrics/stats/summary"),
    ("GET", "/api/performance-metrics/settings/classification"),
    ("PUT", "/api/performance-metrics/settings/classification"),
    ("POST", "/api/performance-metrics/sync"),
    ("GET", "/api/ingest/runs"),
    ("GET", "/api/ingest/runs/run_1"),
    ("GET", "/api/health"),
    ("GET", "/docs"),
    ("GET", "/openapi.json"),
    ("GET", "/nowhere"),
    ("DELETE", "/api/health"),
)


@pytest.mark.parametrize(("method", "path"), PATHS)
async def test_every_path_needs_a_token(staff_api: StaffApi, method: str, path: str) -> None:
    response = await staff_api.http.request(method, path, headers=staff_api.with_token(None))
    problem = response.json()
    assert response.status_code == 401
    assert response.headers["content-type"] == "application/problem+json"
    assert problem["type"] == "urn:problem:unauthenticated"
    assert problem["request_id"] == response.headers["x-request-id"]


async def test_every_route_that_exists_needs_a_token(staff_api: StaffApi) -> None:
    document = (await staff_api.http.get("/openapi.json")).json()
    offered = [(m.upper(), path) for path, methods in document["paths"].items() for m in methods]
    assert {(m, p) for m, p in PATHS if p.endswith(("metrics", "sync", "runs"))} <= {*offered}
    for method, template in offered:
        path = re.sub(r"{\w+}", "x_1", template)
        response = await staff_api.http.request(
            method, path, content=b"not json", headers=staff_api.with_token(None)
        )
        assert response.status_code == 401, (method, path)
        assert response.json()["type"] == "urn:problem:unauthenticated"


async def test_a_valid_token_gets_in(staff_api: StaffApi) -> None:
    assert (await staff_api.http.get("/api/performance-metrics")).status_code == 200


async def test_a_service_token_gets_in(staff_api: StaffApi) -> None:
    token = staff_api.access.service_token("e3678.access")
    response = await staff_api.http.get("/openapi.json", headers=staff_api.with_token(token))
    assert response.status_code == 200


async def test_an_expired_token_does_not(staff_api: StaffApi) -> None:
    token = staff_api.access.user_token(lifetime=-60)
    response = await staff_api.http.get("/api/health", headers=staff_api.with_token(token))
    assert response.status_code == 401
    assert "expired" in response.json()["detail"]


async def test_the_application_does_not_take_the_cookie(staff_api: StaffApi) -> None:
    """The gate in front takes it, as Cloudflare's edge does; a request that passed by it has 401.

    The gate only serves this machine's names, so another Host goes through as it is.
    """
    token = staff_api.access.user_token()
    response = await staff_api.http.get(
        "/api/performance-metrics",
        headers={HEADER: "", "Host": "dashboard.example", "Cookie": f"{COOKIE}={token}"},
    )
    assert response.status_code == 401


async def test_the_answer_comes_before_the_body(staff_api: StaffApi) -> None:
    url = urlsplit(str(staff_api.http.base_url))
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    writer.write(
        b"PUT /api/performance-metrics/settings/classification HTTP/1.1\r\n"
        b"Host: dashboard\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
    )
    await writer.drain()
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
    assert head.startswith(b"HTTP/1.1 401")
    writer.close()
    await writer.wait_closed()


async def test_a_deployment_without_its_team_says_nothing_to_outsiders(
    staff_api: StaffApi,
) -> None:
    settings = staff_api.bindings.settings.model_copy(update={"CF_ACCESS_AUD": None})
    staff_api.configure(settings=settings)
    response = await staff_api.http.get("/api/health")
    assert response.status_code == 500
    assert "CF_ACCESS" not in json.dumps(response.json())


class TestBrowser:
    """On this machine a browser signs in once and then sees the pages."""

    async def test_signs_in_and_reads_the_docs(self, staff_api: StaffApi) -> None:
        async with httpx.AsyncClient(
            base_url=staff_api.http.base_url,
            headers={"Accept": "text/html"},
            follow_redirects=True,
            trust_env=False,
        ) as browser:
            form = await browser.get("/docs")
            assert form.url.path == "/cdn-cgi/access/login"
            page = await browser.post(str(form.url), data={"email": "ada@example.com"})
            assert page.status_code == 200
            assert page.url.path == "/docs"
            assert "performance-metrics" in page.text
            assert "<script" not in page.text
            assert "http" not in page.headers["content-security-policy"]
            assert (await browser.get("/openapi.json")).status_code == 200

    @pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil", ""])
    async def test_is_never_sent_elsewhere(self, staff_api: StaffApi, target: str) -> None:
        response = await staff_api.http.post(
            "/cdn-cgi/access/login", params={"redirect_url": target}
        )
        assert response.headers["location"] == "/"

    async def test_another_name_of_this_machine_is_not_served(self, staff_api: StaffApi) -> None:
        response = await staff_api.http.get(
            "/cdn-cgi/access/login", headers={"Host": "rebound.example", HEADER: ""}
        )
        assert response.status_code == 401
