"""What every `ObjectStore` adapter promises."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

from shared import limits
from shared.errors import NotFound, PreconditionFailed
from shared.ports import ObjectStore
from tests.contract.suites.checks import fails_with

ODD_KEYS = (
    "odd/../../escape.txt",
    "odd//double",
    "odd/trailing/",
    "odd/ünï 🎁 %2F?#&+",
    "odd/back\\slash:colon*|<>",
    "odd/.hidden",
    "odd/" + "long" * 200,
    "odd",
    "odd/x",
    "odd/x/y",
    "odd/X",
)


async def an_absent_object_is_none(store: ObjectStore) -> None:
    assert await store.head("absent/key") is None
    assert await store.get("absent/key") is None
    await fails_with(NotFound, store.read_range("absent/key", offset=0, length=1))
    await fails_with(NotFound, _collect(store.stream("absent/key")))
    await store.delete("absent/key")


async def an_object_is_read_as_it_was_written(store: ObjectStore) -> None:
    body = bytes(range(256)) * 4
    info = await store.put(
        "plain/a.bin", body, content_type="text/csv", metadata={"run": "r1", "note": "x y"}
    )
    assert await store.get("plain/a.bin") == body
    head = await store.head("plain/a.bin")
    assert head == info
    assert (head.key, head.size, head.content_type) == ("plain/a.bin", 1024, "text/csv")
    assert dict(head.metadata) == {"run": "r1", "note": "x y"}
    assert head.uploaded_at.tzinfo is not None


async def an_empty_object_is_an_object(store: ObjectStore) -> None:
    await store.put("empty/a", b"")
    assert await store.get("empty/a") == b""
    assert await store.read_range("empty/a", offset=0, length=10) == b""
    assert await _collect(store.stream("empty/a")) == b""


async def writing_again_replaces_and_changes_the_etag(store: ObjectStore) -> None:
    first = await store.put("again/a", b"one", metadata={"v": "1"})
    second = await store.put("again/a", b"two")
    assert await store.get("again/a") == b"two"
    assert first.etag != second.etag
    assert dict(second.metadata) == {}


async def if_absent_keeps_what_is_there(store: ObjectStore) -> None:
    await store.put("absent-only/a", b"one", if_absent=True)
    await fails_with(PreconditionFailed, store.put("absent-only/a", b"two", if_absent=True))
    assert await store.get("absent-only/a") == b"one"


async def ranges_are_exact_and_end_quietly(store: ObjectStore) -> None:
    await store.put("range/a", b"0123456789")
    assert await store.read_range("range/a", offset=0, length=4) == b"0123"
    assert await store.read_range("range/a", offset=4, length=4) == b"4567"
    assert await store.read_range("range/a", offset=8, length=4) == b"89"
    assert await store.read_range("range/a", offset=10, length=4) == b""
    assert await store.read_range("range/a", offset=99, length=4) == b""


async def a_stream_larger_than_a_part_arrives_whole(store: ObjectStore) -> None:
    piece = os.urandom(64 * 1024)
    count = limits.OBJECT_PART_BYTES // len(piece) + 5

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(count):
            yield piece
        yield b""
        yield b"end"

    info = await store.put_stream("stream/a", chunks(), content_type="application/jsonl")
    assert info.size == count * len(piece) + 3
    assert info.content_type == "application/jsonl"
    assert await _collect(store.stream("stream/a")) == piece * count + b"end"
    tail = await store.read_range("stream/a", offset=info.size - 5, length=100)
    assert tail == piece[-2:] + b"end"


async def an_empty_stream_makes_an_empty_object(store: ObjectStore) -> None:
    async def nothing() -> AsyncIterator[bytes]:
        for chunk in ():
            yield chunk

    assert (await store.put_stream("stream/empty", nothing())).size == 0
    assert await store.get("stream/empty") == b""


async def a_broken_stream_leaves_nothing_visible(store: ObjectStore) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"x" * limits.OBJECT_PART_BYTES
        yield b"more"
        raise ConnectionError("the source went away")

    await store.put("stream/kept", b"old")
    await fails_with(ConnectionError, store.put_stream("stream/broken", broken()))
    await fails_with(ConnectionError, store.put_stream("stream/kept", broken()))
    assert await store.head("stream/broken") is None
    assert await store.get("stream/kept") == b"old"


async def a_deleted_object_is_gone(store: ObjectStore) -> None:
    await store.put("gone/a", b"x")
    await store.delete("gone/a")
    assert await store.get("gone/a") is None
    assert (await store.list(prefix="gone/")).objects == ()


async def odd_keys_are_kept_apart(store: ObjectStore) -> None:
    for key in ODD_KEYS:
        await store.put(key, key.encode())
    for key in ODD_KEYS:
        assert await store.get(key) == key.encode(), key
    listed = [info.key for info in (await store.list(prefix="odd")).objects]
    assert listed == sorted(ODD_KEYS, key=lambda key: key.encode())


async def a_listing_has_its_prefix_order_and_pages(store: ObjectStore) -> None:
    keys = [f"list/{n:03}" for n in range(25)]
    for key in reversed(keys):
        await store.put(key, b"x")
    await store.put("lisu", b"not listed")
    await store.put("list", b"not listed")
    seen: list[str] = []
    cursor = None
    for _ in range(3):
        page = await store.list(prefix="list/", cursor=cursor, limit=10)
        seen += [info.key for info in page.objects]
        cursor = page.cursor
    assert cursor is None
    assert seen == keys
    exact = await store.list(prefix="list/00", limit=10)
    assert (len(exact.objects), exact.cursor) == (10, None)
    assert (await store.list(prefix="nothing/")).objects == ()


async def _collect(chunks: AsyncIterator[bytes]) -> bytes:
    return b"".join([chunk async for chunk in chunks])


CASES = (
    an_absent_object_is_none,
    an_object_is_read_as_it_was_written,
    an_empty_object_is_an_object,
    writing_again_replaces_and_changes_the_etag,
    if_absent_keeps_what_is_there,
    ranges_are_exact_and_end_quietly,
    a_stream_larger_than_a_part_arrives_whole,
    an_empty_stream_makes_an_empty_object,
    a_broken_stream_leaves_nothing_visible,
    a_deleted_object_is_gone,
    odd_keys_are_kept_apart,
    a_listing_has_its_prefix_order_and_pages,
)
