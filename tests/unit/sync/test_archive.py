"""An archive is what Shopify counted, and is read in bounded parts."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.embedded.object_store import DirectoryObjectStore
from shared.sync.archive import (
    ArchiveCount,
    ArchiveMismatch,
    archive_key,
    is_root,
    read_blocks,
    store_archive,
)

ROOT = rb'{"__typename":"Order","id":"gid:\/\/shopify\/Order\/1","note":"n"}'
CHILD = rb'{"id":"gid:\/\/shopify\/LineItem\/2","__parentId":"gid:\/\/shopify\/Order\/1"}'


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[DirectoryObjectStore]:
    store = DirectoryObjectStore(tmp_path)
    yield store
    store.close()


async def stream(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


def sliced(body: bytes, size: int) -> Sequence[bytes]:
    return [body[at : at + size] for at in range(0, len(body), size)]


@pytest.mark.parametrize("size", [1, 7, 64, 1000])
@pytest.mark.parametrize(
    "body",
    [
        ROOT + b"\n" + CHILD + b"\n",
        ROOT + b"\r\n" + CHILD + b"\r\n",
        b"\n\n" + ROOT + b"\n \r\n\n" + CHILD + b"\n\n",
        ROOT + b"\n" + CHILD,
    ],
    ids=["plain", "crlf", "blank-lines", "no-last-newline"],
)
async def test_lines_and_roots_are_counted_in_any_chunks(
    store: DirectoryObjectStore, body: bytes, size: int
) -> None:
    announced = ArchiveCount(len(body), 2, 1)
    assert await store_archive(store, "k", stream(*sliced(body, size)), announced) == announced
    assert await store.get("k") == body


@pytest.mark.parametrize(
    ("announced", "reason"),
    [
        (ArchiveCount(len(ROOT) + 2, 1, 1), "67 of 68 bytes"),
        (ArchiveCount(len(ROOT) + 1, 2, 1), "1 of 2 lines"),
        (ArchiveCount(len(ROOT) + 1, 1, 0), "1 of 0 roots"),
        (ArchiveCount(None, 8000, 8000), "1 of 8000 lines, 1 of 8000 roots"),
    ],
)
async def test_failure_mode_1_a_result_that_is_not_what_was_counted_leaves_no_archive(
    store: DirectoryObjectStore, announced: ArchiveCount, reason: str
) -> None:
    with pytest.raises(ArchiveMismatch, match=reason):
        await store_archive(store, "k", stream(ROOT, b"\n"), announced)
    assert await store.head("k") is None


async def test_an_unknown_file_size_is_not_compared(store: DirectoryObjectStore) -> None:
    counted = await store_archive(store, "k", stream(ROOT), ArchiveCount(None, 1, 1))
    assert counted.size == len(ROOT)


async def test_an_empty_result_is_an_empty_archive(store: DirectoryObjectStore) -> None:
    assert await store_archive(store, "k", stream(), ArchiveCount(0, 0, 0)) == ArchiveCount(0, 0, 0)
    assert [block async for block in read_blocks(store, "k")] == []


def test_a_text_cannot_imitate_a_child() -> None:
    evil = {"id": "gid://shopify/Order/1", "note": '"__parentId":"x"', "tags": ["__parentId"]}
    attributes = {"customAttributes": [{"key": "__parentId", "value": '","__parentId":"'}]}
    assert is_root(json.dumps({**evil, **attributes}).encode())
    assert is_root(json.dumps({**evil, **attributes}, separators=(",", ":")).encode())
    assert not is_root(json.dumps({"id": "a", "__parentId": "b"}).encode())
    assert not is_root(b'{"id": "a", "__parentId" : "b"}')
    assert not is_root(CHILD)


@pytest.mark.parametrize("separators", [(",", ":"), (", ", " : ")])
def test_a_child_is_known_wherever_its_parent_stands(separators: tuple[str, str]) -> None:
    child = {"__parentId": "gid://shopify/Order/1", "title": "x" * 5_000}
    assert not is_root(json.dumps(child, separators=separators).encode())
    assert not is_root(json.dumps(dict(reversed(child.items())), separators=separators).encode())


@pytest.mark.parametrize("length", range(1, 60))
async def test_blocks_hold_every_line_whatever_their_length(
    store: DirectoryObjectStore, length: int
) -> None:
    content = b'{"id":1}\r\n\n  \n{"id":22}\n{"id":333}'
    await store.put("k", content)
    blocks = [block async for block in read_blocks(store, "k", length=length)]
    assert [line for block in blocks for line in block.lines] == [
        b'{"id":1}', b'{"id":22}', b'{"id":333}',
    ]  # fmt: skip
    assert blocks[-1].end == len(content)


def test_keys() -> None:
    assert archive_key("r1") == "archives/ingest/r1.jsonl"
    assert archive_key("r1", "agreements") == "archives/ingest/r1.agreements.jsonl"


@given(
    lines=st.lists(st.text("ab\r ", max_size=12), max_size=30),
    length=st.integers(1, 40),
    last_newline=st.booleans(),
)
async def test_blocks_hold_every_line_once_and_can_be_resumed(
    lines: list[str], length: int, *, last_newline: bool
) -> None:
    body = "\n".join(lines).encode() + (b"\n" if last_newline else b"")
    store = OneObject(body)
    wanted = [text for line in lines if (text := line.strip(" \r").encode())]
    blocks = [block async for block in read_blocks(store, "k", length=length)]
    assert [line for block in blocks for line in block.lines] == wanted
    for number, block in enumerate(blocks):
        rest = [b async for b in read_blocks(store, "k", offset=block.end, length=length)]
        assert rest == blocks[number + 1 :]


async def test_a_line_longer_than_a_range_is_read_whole() -> None:
    body = b"x" * 1000 + b"\nshort\n"
    blocks = [block async for block in read_blocks(OneObject(body), "k", length=64)]
    assert [line for block in blocks for line in block.lines] == [b"x" * 1000, b"short"]


async def test_an_endless_line_is_an_error_and_not_a_full_memory() -> None:
    with pytest.raises(ArchiveMismatch, match="more than"):
        async for _ in read_blocks(OneObject(b"x" * (17 * 2**20)), "k"):
            pass


class OneObject(DirectoryObjectStore):
    """A store of one object, for tests that make thousands of them."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    async def read_range(self, _key: str, /, *, offset: int, length: int) -> bytes:
        return self.body[offset : offset + length]
