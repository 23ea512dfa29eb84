"""Downloads arrive whole, once and in order, whatever the connection does."""

from __future__ import annotations

import httpx
import pytest

from shared.integrations.shopify.errors import BulkResultExpired, DownloadBroken

URL = "https://storage.example/bulk-1.jsonl?signature=abc"
BODY = b"".join(b'{"id":"gid:\\/\\/shopify\\/Order\\/%d"}\n' % n for n in range(5_000))


class Breaking(httpx.AsyncByteStream):
    """A body that ends after some bytes, with or without an error."""

    def __init__(self, body: bytes, keep: int, *, silently: bool) -> None:
        self.body, self.keep, self.silently = body, keep, silently

    async def __aiter__(self):
        for start in range(0, self.keep, 1_000):
            yield self.body[start : min(start + 1_000, self.keep)]
        if not self.silently and self.keep < len(self.body):
            raise httpx.ReadError("connection reset")


class Store:
    """A file server whose connections last for the given numbers of bytes."""

    def __init__(self, *lasts: int, ranges: bool = True, silently: bool = False) -> None:
        self.lasts, self.ranges, self.silently = list(lasts), ranges, silently
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        wanted = request.headers.get("range")
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and self.ranges else 0
        if start and start >= len(BODY):
            return httpx.Response(416)
        rest = BODY[start:]
        keep = min(self.lasts.pop(0), len(rest)) if self.lasts else len(rest)
        headers = {"Content-Length": str(len(rest)), "Content-Type": "application/jsonl"}
        if wanted and self.ranges:
            headers["Content-Range"] = f"bytes {start}-{len(BODY) - 1}/{len(BODY)}"
        return httpx.Response(
            206 if wanted and self.ranges else 200,
            headers=headers,
            stream=Breaking(rest, keep, silently=self.silently),
        )


@pytest.fixture
def fetch(wire):
    async def run(answer):
        client, script = wire(httpx.Response(500))
        client._http._transport.handler = answer
        return b"".join([chunk async for chunk in client.download(URL)]), script

    return run


async def test_a_result_streams_through(fetch):
    store = Store()
    assert (await fetch(store))[0] == BODY
    assert "range" not in store.requests[0].headers


async def test_no_token_is_sent_to_the_store_and_no_compression_is_asked_for(fetch):
    store = Store()
    await fetch(store)
    assert "x-shopify-access-token" not in store.requests[0].headers
    assert store.requests[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("silently", [False, True])
async def test_a_dropped_connection_is_resumed_where_it_broke(fetch, silently):
    store = Store(50_000, 1_234, 0, 77, silently=silently)
    body, script = await fetch(store)
    assert body == BODY
    assert [request.headers.get("range") for request in store.requests] == [
        None, "bytes=50000-", "bytes=51234-", "bytes=51234-", "bytes=51311-",
    ]  # fmt: skip
    assert script.slept == [1.0, 1.0, 2.0, 1.0]


async def test_a_server_that_ignores_ranges_delivers_no_byte_twice(fetch):
    store = Store(70_000, 80_000, ranges=False)
    assert (await fetch(store))[0] == BODY


async def test_a_connection_that_breaks_after_the_last_byte_lost_nothing(fetch):
    class AfterAll(Store):
        def __call__(self, request):
            reply = super().__call__(request)
            if reply.status_code == 200:
                reply.headers["Content-Length"] = str(len(BODY) + 1)
            return reply

    assert (await fetch(AfterAll()))[0] == BODY


async def test_another_range_than_the_one_asked_for_is_never_taken(fetch):
    replies = iter(
        [
            httpx.Response(200, stream=Breaking(BODY, 5_000, silently=False)),
            *[
                httpx.Response(206, headers={"Content-Range": "bytes 0-9/10"}, content=b"x" * 10)
                for _ in range(9)
            ],
        ]
    )
    with pytest.raises(DownloadBroken, match="at byte 5000"):
        await fetch(lambda _request: next(replies))


@pytest.mark.parametrize("status", [400, 403, 404, 410])
async def test_an_expired_url_is_told_from_an_outage(fetch, status):
    with pytest.raises(BulkResultExpired, match=str(status)):
        await fetch(lambda _request: httpx.Response(status))


async def test_an_url_that_expires_in_the_middle_is_expired(fetch):
    replies = iter(
        [
            httpx.Response(200, stream=Breaking(BODY, 5_000, silently=False)),
            httpx.Response(403),
        ]
    )
    with pytest.raises(BulkResultExpired):
        await fetch(lambda _request: next(replies))


async def test_a_store_that_stays_down_is_given_up_and_can_be_tried_again(fetch):
    calls = []

    def down(request):
        calls.append(request)
        return httpx.Response(503)

    with pytest.raises(DownloadBroken) as caught:
        await fetch(down)
    assert len(calls) == 6
    assert caught.value.retryable


async def test_an_empty_result_is_empty(fetch):
    body, _ = await fetch(lambda _request: httpx.Response(200, content=b""))
    assert body == b""
