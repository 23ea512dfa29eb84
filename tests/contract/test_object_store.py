"""The suite of `ObjectStore` over the embedded adapter, and what is its own."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared.adapters.embedded.object_store import DirectoryObjectStore
from shared.clock import FixedClock
from shared.errors import InvalidInput
from shared.ports import ObjectStore
from tests.contract.suites import object_store as suite


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[DirectoryObjectStore]:
    store = DirectoryObjectStore(tmp_path / "objects")
    yield store
    store.close()


@pytest.mark.parametrize("case", suite.CASES, ids=lambda case: case.__name__)
async def test_embedded(
    case: Callable[[ObjectStore], Awaitable[None]], store: DirectoryObjectStore
) -> None:
    await case(store)


async def test_no_key_leads_out_of_the_directory(
    store: DirectoryObjectStore, tmp_path: Path
) -> None:
    for key in (
        "../evil",
        "/etc/evil",
        "a/../../../evil",
        "..",
        ".",
        "a/./b",
        "\0",
        "index.sqlite",
    ):
        await store.put(key, b"x")
    written = _files(tmp_path)
    assert all(path.is_relative_to(tmp_path / "objects") for path in written)
    assert await store.get("index.sqlite") == b"x"
    assert not (tmp_path / "evil").exists()


async def test_a_key_has_1_to_1024_bytes(store: DirectoryObjectStore) -> None:
    await store.put("k" * 1024, b"x")
    for key in ("", "k" * 1025):
        with pytest.raises(InvalidInput):
            await store.put(key, b"x")


async def test_replaced_and_deleted_bodies_leave_no_files(
    store: DirectoryObjectStore,
) -> None:
    await store.put("a", b"1")
    await store.put("a", b"2")
    await store.put("b", b"3")
    await store.delete("b")
    assert [path.read_bytes() for path in store.root.rglob("*~*")] == [b"2"]


async def test_a_sweep_removes_only_old_strays(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    store = DirectoryObjectStore(tmp_path, clock=FixedClock(now))
    await store.put("kept", b"x")
    old, young = tmp_path / "old~1", tmp_path / "young~1"
    for stray in (old, young):
        stray.write_bytes(b"cut off")
    os.utime(old, ((now - timedelta(days=2)).timestamp(),) * 2)
    assert store.sweep() == 1
    assert (old.exists(), young.exists()) == (False, True)
    assert await store.get("kept") == b"x"
    store.close()


def _files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]
