"""Whatever is sent, every Worker answers as its OpenAPI document says, and never with a 5xx.

Last of the scenarios by its name, for it leaves the shop in disorder. The log has the seed and the
number of requests; `make fuzz` sends many more (FUZZ_SEED, FUZZ_CASES).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from shared.identity.access import HEADER
from tests.e2e.fuzzing import CASES, SEED, Outcome, fuzz
from tests.e2e.target import Target

Record = Callable[[str, object], None]


def check(outcome: Outcome, record: Record, name: str) -> None:
    record("log", f"{name}: seed {SEED}, {outcome.counts}")
    assert outcome.passed, outcome.output


@pytest.mark.slow
async def test_staff_api(target: Target, record_property: Record) -> None:
    headers = {HEADER: target.user_token("fuzz@example.com")}
    # Left out: with a flag off, the others answer 503 as they should.
    switching = ("--exclude-path-regex", "^/api/feature-flags/")
    outcome = await fuzz("dashboard", str(target.staff.base_url), headers, *switching)
    check(outcome, record_property, "dashboard-api")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["secret key", "publishable key", "token"])
async def test_public_api(target: Target, kind: str, record_property: Record) -> None:
    headers = await credential(target, kind)
    outcome = await fuzz("platform", str(target.public.base_url), headers)
    check(outcome, record_property, f"platform-api with {kind}")


@pytest.mark.slow
async def test_what_shopify_may_call(target: Target, record_property: Record) -> None:
    outcome = await fuzz(
        "ingest",
        str(target.ingest.base_url),
        {},
        *("--include-path-regex", "^/(webhooks|oauth)/"),
        cases=10 * CASES,
        environment={
            "SCHEMATHESIS_HOOKS": "tests.e2e.signed_deliveries",
            "WEBHOOK_SECRET": target.webhook_secret,
            "SHOP_DOMAIN": (await target.shop.state())["shop"]["domain"],
        },
    )
    check(outcome, record_property, "ingest, public")


@pytest.mark.slow
async def test_what_the_other_workers_ask_of_ingest(
    target: Target, record_property: Record
) -> None:
    outcome = await fuzz(
        "ingest",
        str(target.internal.base_url),
        dict(target.internal.headers),
        *("--exclude-path-regex", "^/(webhooks|oauth)/"),
    )
    check(outcome, record_property, "ingest, internal")


async def credential(target: Target, kind: str) -> dict[str, str]:
    """Return the headers of a publisher that may do all there is."""
    publisher = await created(
        target, "/api/publishers", name=f"Of {kind}", email="a@b.example", status="active"
    )
    path = f"/api/publishers/{publisher['id']}"
    if kind == "publishable key":
        origin = "https://blog.example"
        asked = {"kind": "publishable", "origins": [origin]}
        key = await created(target, f"{path}/api-keys", name="site", **asked)
        return {"X-Api-Key": key["key"], "Origin": origin}
    scopes = {"scopes": await every_scope(target)}
    if kind == "secret key":
        key = await created(target, f"{path}/api-keys", name="server", **scopes)
        return {"X-Api-Key": key["key"]}
    client = await created(target, f"{path}/oauth-clients", name="app", **scopes)
    form = {"grant_type": "client_credentials", "client_id": client["id"]}
    answer = await target.public.post(
        "/oauth/token", data={**form, "client_secret": client["client_secret"]}
    )
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


async def every_scope(target: Target) -> list[str]:
    document = (await target.staff.get("/openapi.json")).json()
    scopes: list[str] = document["components"]["schemas"]["Scope"]["enum"]
    return scopes


async def created(target: Target, path: str, **content: Any) -> dict[str, Any]:
    answer = await target.staff.post(path, json=content)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found
