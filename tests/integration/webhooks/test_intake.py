"""What Shopify is answered: 200 once it is queued, and for everything else its reason, no trace."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest
from ingest.public_app import public_app
from pydantic import SecretStr

from shared import limits
from shared.ports import JsonObject
from tests.fixtures.ingest import IngestPorts
from tests.fixtures.webhooks import PATH, SECRET, job_of, signed

SHOP = "commerce.myshopify.com"
BODY = {"id": 1, "admin_graphql_api_id": "gid://shopify/Order/1"}


class Intake:
    """ingest's public face over embedded ports, with settings that a test may change."""

    def __init__(self, ports: IngestPorts) -> None:
        self.ports = ports
        self.bindings = ports.bindings()
        app = public_app(lambda _: self.bindings)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self.http = httpx.AsyncClient(transport=transport, base_url="https://ingest")

    def configure(self, **values: object) -> None:
        settings = self.bindings.settings.model_copy(update=values)
        self.bindings = replace(self.bindings, settings=settings)

    async def post(self, raw: bytes, headers: dict[str, str]) -> httpx.Response:
        return await self.http.post(PATH, content=raw, headers=headers)

    async def send(self, body: JsonObject | bytes, topic: str = "orders/create", **headers: str):
        return await self.post(*signed(body, topic, shop=SHOP, **headers))

    async def nothing_is_written(self) -> bool:
        page = await self.ports.objects.list()
        return self.ports.queue.depth() == 0 and not page.objects


@pytest.fixture
async def intake(tmp_path) -> AsyncIterator[Intake]:
    ports = IngestPorts(tmp_path)
    ports.settings = ports.settings.model_copy(
        update={"SHOP_DOMAIN": SHOP, "SHOPIFY_WEBHOOK_SECRET": SecretStr(SECRET)}
    )
    intake = Intake(ports)
    yield intake
    await intake.http.aclose()
    ports.close()


async def test_an_accepted_delivery_waits_in_the_queue_under_its_own_name(intake: Intake) -> None:
    answer = await intake.send(BODY, X_Shopify_Event_Id="event-1", X_Shopify_Webhook_Id="w-1")
    assert (answer.status_code, answer.content) == (200, b"")
    [queued] = intake.ports.queue.receive()
    job = job_of(queued)
    assert (job.shop, job.topic, job.webhook_id, job.event_id) == (
        SHOP, "orders/create", "w-1", "event-1",
    )  # fmt: skip
    assert job.body == BODY
    assert job.run_id.startswith("whd_")


async def test_failure_18_and_16_every_copy_gets_through_and_has_the_same_name(
    intake: Intake,
) -> None:
    for _ in range(3):
        assert (await intake.send(BODY, X_Shopify_Webhook_Id="same")).status_code == 200
    assert (await intake.send(BODY, X_Shopify_Webhook_Id="other")).status_code == 200
    names = [job_of(queued).run_id for queued in intake.ports.queue.receive()]
    assert len(names) == 4
    assert len(set(names)) == 2


class TestSignatures:
    """Failure 21: the signature is base64, of the raw bytes, and compared in constant time."""

    @pytest.mark.parametrize("secret", ["another", ""])
    async def test_failure_21_another_secret_is_401(self, intake: Intake, secret: str) -> None:
        answer = await intake.post(*signed(BODY, "orders/create", shop=SHOP, secret=secret))
        assert answer.status_code == 401
        assert answer.json()["type"] == "urn:problem:delivery-not-signed"
        assert await intake.nothing_is_written()

    async def test_failure_21_hex_garbage_and_nothing_are_401(self, intake: Intake) -> None:
        raw, headers = signed(BODY, "orders/create", shop=SHOP)
        digest = hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest()
        for given in (digest.encode(), "ä".encode(), b"=", b"%%%"):
            others = {name.encode(): value.encode() for name, value in headers.items()}
            sent = {**others, b"X-Shopify-Hmac-Sha256": given}
            answer = await intake.http.post(PATH, content=raw, headers=sent)
            assert answer.status_code == 401, given
        del headers["X-Shopify-Hmac-Sha256"]
        assert (await intake.post(raw, headers)).status_code == 401
        assert await intake.nothing_is_written()

    async def test_failure_21_the_same_json_in_other_bytes_is_401(self, intake: Intake) -> None:
        raw, headers = signed(BODY, "orders/create", shop=SHOP)
        answer = await intake.post(json.dumps(json.loads(raw), indent=1).encode(), headers)
        assert answer.status_code == 401
        assert await intake.nothing_is_written()

    async def test_the_old_secret_is_good_while_it_is_set_and_not_after(
        self, intake: Intake
    ) -> None:
        intake.configure(
            SHOPIFY_WEBHOOK_SECRET=SecretStr("new"),
            SHOPIFY_WEBHOOK_SECRET_PREVIOUS=SecretStr("old"),
        )
        for secret in ("new", "old"):
            answer = await intake.post(*signed(BODY, "orders/create", shop=SHOP, secret=secret))
            assert answer.status_code == 200
        intake.configure(SHOPIFY_WEBHOOK_SECRET_PREVIOUS=None)
        answer = await intake.post(*signed(BODY, "orders/create", shop=SHOP, secret="old"))
        assert answer.status_code == 401
        assert intake.ports.queue.depth() == 2

    async def test_without_a_secret_nothing_is_accepted(self, intake: Intake) -> None:
        intake.configure(SHOPIFY_WEBHOOK_SECRET=None)
        for secret in ("", SECRET):
            answer = await intake.post(*signed(BODY, "orders/create", shop=SHOP, secret=secret))
            assert answer.status_code == 401
        assert await intake.nothing_is_written()


@pytest.mark.parametrize(
    ("body", "topic", "headers", "status", "problem"),
    [
        (BODY, "orders/create", {"X_Shopify_Shop_Domain": "foreign.myshopify.com"}, 401, "shop"),
        ({**BODY, "shop_domain": "foreign.myshopify.com"}, "shop/redact", {}, 401, "shop"),
        (b"{", "orders/create", {}, 400, "malformed"),
        (b"[]", "orders/create", {}, 400, "malformed"),
        (b"\xff\xfe", "orders/create", {}, 400, "malformed"),
        (b'{"a": NaN}', "orders/create", {}, 400, "malformed"),
        (b"[" * 100_000, "orders/create", {}, 400, "malformed"),
        (BODY, "", {}, 400, "malformed"),
        (BODY, "orders/create", {"X_Shopify_Webhook_Id": ""}, 400, "malformed"),
        (BODY, "orders/create", {"X_Shopify_Webhook_Id": "x" * 300}, 400, "malformed"),
        (BODY, "carts/update", {}, 404, "topic-unknown"),
        (BODY, "../orders", {}, 404, "topic-unknown"),
        (b'{"a": "' + b"x" * 6_000_000 + b'"}', "orders/create", {}, 413, "payload-too-large"),
    ],
    ids=lambda value: str(value)[:30],
)
async def test_what_is_wrong_has_its_answer_and_leaves_nothing(
    intake: Intake, body: bytes | JsonObject, topic: str, headers: dict[str, str], status: int,
    problem: str,
) -> None:  # fmt: skip
    answer = await intake.send(body, topic, **headers)
    assert answer.status_code == status, answer.text
    assert problem in answer.json()["type"]
    assert await intake.nothing_is_written()


async def test_six_megabytes_without_a_length_are_413_too(intake: Intake) -> None:
    raw, headers = signed(b'{"a": "' + b"x" * 6_000_000 + b'"}', "orders/create", shop=SHOP)

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(raw), 65_536):
            yield raw[start : start + 65_536]

    answer = await intake.http.post(PATH, content=chunks(), headers=headers)
    assert answer.status_code == 413
    assert await intake.nothing_is_written()


async def test_failure_19_what_cannot_be_queued_is_500_and_comes_again(intake: Intake) -> None:
    intake.bindings = intake.ports.bindings(queue=intake.ports.broken_queue)
    answer = await intake.send(BODY)
    assert answer.status_code == 500
    assert "no queue" not in answer.text


@pytest.mark.parametrize("letter", ["x", "\u00e4", "\u20ac", '"'])
async def test_a_large_body_waits_as_an_object(intake: Intake, letter: str) -> None:
    body = {**BODY, "note": letter * (limits.INLINE_BODY_BYTES - 100)}
    raw = json.dumps(body, ensure_ascii=False).encode()
    assert (await intake.send(raw)).status_code == 200
    [queued] = intake.ports.queue.receive()
    job = job_of(queued)
    if job.body_key is None:
        assert job.body == body
        assert len(raw) <= limits.INLINE_BODY_BYTES
    else:
        assert job.body_key == f"inbox/{hashlib.sha256(raw).hexdigest()}"
        assert await intake.ports.objects.get(job.body_key) == raw


async def test_only_shopify_has_business_here(intake: Intake) -> None:
    for path in ("/", "/health", "/runs", "/docs", "/openapi.json", "/webhooks/shopify/x"):
        assert (await intake.http.get(path)).status_code == 404, path
    assert (await intake.http.get(PATH)).status_code == 405
    raw, headers = signed(BODY, "orders/create", shop=SHOP)
    assert base64.b64decode(headers["X-Shopify-Hmac-Sha256"])
    assert (await intake.post(raw, headers)).headers["Cache-Control"] == "no-store"
