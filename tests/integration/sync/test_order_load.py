"""An archive becomes rows: whatever its order, however often, and without undoing newer writes."""

from __future__ import annotations

import json
import random
import tracemalloc
from collections.abc import AsyncIterator, Iterable
from datetime import timedelta
from pathlib import Path

import pytest

from shared.adapters.embedded.database import AsyncpgDatabases
from shared.adapters.embedded.object_store import DirectoryObjectStore
from shared.ids import derived_id, gid
from shared.integrations.shopify import graphql_orders
from shared.integrations.shopify.errors import MalformedNode
from shared.limits import MIB
from shared.orders.repository import OrderWrites
from shared.ports import JsonObject, Row
from shared.sync.archive import archive_key
from shared.sync.order_load import OrderLoad
from shared.sync.replay import ArchiveNotFound, load_all, replay_archive
from tests.fixtures import bulk_archive as rows
from tests.fixtures.ingest import CollectedStream
from tests.fixtures.orders import unsettled

RETURN = {
    "__typename": "Return",
    "id": gid("Return", 1),
    "name": "#1-R1",
    "status": "OPEN",
    "createdAt": "2026-11-19T10:00:00Z",
    "totalQuantity": 1,
    "__parentId": gid("Order", 1),
}
RETURN_LINE = {
    "__typename": "ReturnLineItem",
    "id": gid("ReturnLineItem", 1),
    "quantity": 1,
    "refundedQuantity": 0,
    "fulfillmentLineItem": {"lineItem": {"id": gid("LineItem", 1)}},
    "__parentId": gid("Return", 1),
}
ROWS = [
    rows.order(1, fulfillments=[rows.fulfillment(1, 4)]),
    rows.order(2, fulfillments=[rows.fulfillment(2, 1)]),
    rows.order(3),
    rows.line(1, 1),
    rows.line(2, 1),
    rows.line(3, 2),
    rows.line(4, 3),
    RETURN,
    RETURN_LINE,
]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[DirectoryObjectStore]:
    store = DirectoryObjectStore(tmp_path)
    yield store
    store.close()


async def archived(
    store: DirectoryObjectStore, run: str, content: Iterable[JsonObject], returns: str = "all"
) -> None:
    await store.put(archive_key(run), rows.jsonl(content), metadata={"returns": returns})


def load(databases: AsyncpgDatabases, store: DirectoryObjectStore, run: str) -> OrderLoad:
    return OrderLoad(
        databases,
        store,
        None,
        archive_run=run,
        written_by=run,
        timezone="UTC",
        loads=json.loads,
    )


async def everything(databases: AsyncpgDatabases) -> dict[str, list[Row]]:
    """Return the rows of every table that a sync writes, without the writers' own columns."""
    tables = (
        "order_header", "order_summary", "order_line_item", "fulfillment", "fulfillment_line",
        "order_return", "order_return_line", "order_refund", "order_refund_line",
    )  # fmt: skip
    private = {"written_by", "version", "stream_pending_version"}
    found: dict[str, list[Row]] = {}
    async with databases.open() as db:
        for table in tables:
            content = await db.fetch_all(f"SELECT * FROM {table} ORDER BY 1")  # type: ignore[arg-type]
            found[table] = [
                {name: value for name, value in row.items() if name not in private}
                for row in content
            ]
    return found


@pytest.mark.parametrize("seed", range(4))
async def test_failure_mode_12_children_find_their_parents_in_any_order(
    databases: AsyncpgDatabases, store: DirectoryObjectStore, seed: int
) -> None:
    """Not even that a child stands after its parent is relied upon."""
    shuffled = list(ROWS)
    random.Random(seed).shuffle(shuffled)
    await archived(store, "run", shuffled)
    await load_all(load(databases, store, "run"))
    found = await everything(databases)
    lines = {row["id"]: row["order_id"] for row in found["order_line_item"]}
    assert lines == {
        derived_id("oln", gid("LineItem", number)): derived_id("ord", gid("Order", order))
        for number, order in ((1, 1), (2, 1), (3, 2), (4, 3))
    }
    [return_line] = found["order_return_line"]
    assert return_line["order_id"] == derived_id("ord", gid("Order", 1))


async def test_only_a_shipment_of_everything_gets_its_lines_without_being_read(
    databases: AsyncpgDatabases, store: DirectoryObjectStore
) -> None:
    await archived(store, "run", ROWS)
    await load_all(load(databases, store, "run"))
    shipped = (await everything(databases))["fulfillment_line"]
    assert {row["fulfillment_id"] for row in shipped} == {derived_id("ful", gid("Fulfillment", 1))}
    assert sorted(row["quantity"] for row in shipped) == [2, 2]


async def test_a_gift_cards_shipment_is_not_taken_for_the_goods_beside_it(
    databases: AsyncpgDatabases, store: DirectoryObjectStore
) -> None:
    """Nor is a shipment of goods taken for all, where the gift card is still to come."""
    card = rows.line(2, 1, requiresShipping=False, isGiftCard=True)
    content = [rows.order(1, fulfillments=[rows.fulfillment(1, 2)]), rows.line(1, 1), card]
    await archived(store, "run", content)
    await load_all(load(databases, store, "run"))
    assert (await everything(databases))["fulfillment_line"] == []


@pytest.mark.parametrize("current", [0, 1, 2])
async def test_goods_that_are_coming_back_were_shipped_all_the_same(
    databases: AsyncpgDatabases, store: DirectoryObjectStore, current: int
) -> None:
    line = rows.line(1, 1, currentQuantity=current)
    asked = RETURN_LINE | {"quantity": 2}
    content = [rows.order(1, fulfillments=[rows.fulfillment(1, 2)]), line, RETURN, asked]
    await archived(store, "run", content)
    await load_all(load(databases, store, "run"))
    [shipped] = (await everything(databases))["fulfillment_line"]
    assert shipped["quantity"] == 2


async def test_loading_any_page_twice_changes_nothing(
    databases: AsyncpgDatabases, store: DirectoryObjectStore
) -> None:
    await archived(store, "run", ROWS)
    await load_all(load(databases, store, "run"))
    before = await everything(databases)
    cursor: JsonObject | None = load(databases, store, "run").start()
    while cursor is not None:
        await load(databases, store, "run").page(cursor)
        cursor = (await load(databases, store, "run").page(cursor)).cursor
    assert await everything(databases) == before


async def test_a_child_that_the_result_no_longer_has_is_removed(
    databases: AsyncpgDatabases, store: DirectoryObjectStore
) -> None:
    await archived(store, "one", ROWS)
    await load_all(load(databases, store, "one"))
    await archived(store, "two", [rows.order(1), rows.line(2, 1)])
    await load_all(load(databases, store, "two"))
    found = await everything(databases)
    of_first = derived_id("ord", gid("Order", 1))
    lines = [row["id"] for row in found["order_line_item"] if row["order_id"] == of_first]
    assert lines == [derived_id("oln", gid("LineItem", 2))]
    assert found["order_return"] == found["order_return_line"] == []
    assert len(found["order_line_item"]) == 3


async def test_failure_mode_15_what_a_missing_scope_left_out_is_not_removed(
    databases: AsyncpgDatabases, store: DirectoryObjectStore
) -> None:
    await archived(store, "one", ROWS)
    await load_all(load(databases, store, "one"))
    without = [row for row in ROWS if "Return" not in row["__typename"]]
    await archived(store, "two", without, returns="unread")
    await load_all(load(databases, store, "two"))
    assert len((await everything(databases))["order_return_line"]) == 1


async def test_an_order_that_a_webhook_wrote_meanwhile_keeps_its_newer_state(
    databases: AsyncpgDatabases, store: DirectoryObjectStore
) -> None:
    newer = rows.T0 + timedelta(seconds=1)
    root = graphql_orders.order_parts(rows.order(1, updated_at=newer, name="#newer"))
    async with databases.open() as db:
        await OrderWrites(db, timezone="UTC").write_whole(root, written_by="webhook")
    await archived(store, "run", ROWS)
    await load_all(load(databases, store, "run"))
    async with databases.open() as db:
        [header] = await db.fetch_all("SELECT * FROM order_header WHERE name = '#newer'")
        count = await db.fetch_value(
            "SELECT count(*) FROM order_line_item WHERE order_id = $1", header["id"]
        )
    assert (header["written_by"], count) == ("webhook", 0)


async def test_failure_mode_22_null_children_are_no_obstacle(
    databases: AsyncpgDatabases, store: DirectoryObjectStore
) -> None:
    nulls = {"customer": None, "shippingAddress": None, "note": None, "tags": None}
    empty = {"product": None, "variant": None, "taxLines": None, "discountAllocations": None}
    lists = {"transactions": [None], "refunds": None, "fulfillments": [None]}
    await archived(store, "run", [rows.order(1, **nulls, **lists), rows.line(1, 1, **empty)])
    await load_all(load(databases, store, "run"))
    found = await everything(databases)
    assert len(found["order_header"]) == len(found["order_line_item"]) == 1


async def test_failure_mode_25_a_row_that_cannot_be_read_stops_the_load_and_is_named(
    databases: AsyncpgDatabases, store: DirectoryObjectStore
) -> None:
    await archived(store, "run", [*ROWS, rows.line(9, 3, quantity="many")])
    with pytest.raises(MalformedNode, match="gid://shopify/LineItem/9: /quantity"):
        await load_all(load(databases, store, "run"))


async def test_failure_mode_26_an_edited_line_takes_the_newest_discount_and_quantity(
    databases: AsyncpgDatabases, store: DirectoryObjectStore
) -> None:
    allocated = {"discountAllocations": [{"allocatedAmountSet": rows.money("4.0")}]}
    await archived(store, "one", [rows.order(1), rows.line(1, 1, **allocated)])
    await load_all(load(databases, store, "one"))
    later = rows.T0 + timedelta(minutes=1)
    edited = [rows.order(1, updated_at=later), rows.line(1, 1, currentQuantity=1)]
    await archived(store, "two", edited)
    await load_all(load(databases, store, "two"))
    [line] = (await everything(databases))["order_line_item"]
    assert (line["discount_total"], line["quantity"], line["current_quantity"]) == (0, 2, 1)


async def test_a_replay_reaches_the_same_state_and_the_same_events(
    databases: AsyncpgDatabases, store: DirectoryObjectStore
) -> None:
    await archived(store, "run", ROWS)
    streams = CollectedStream(), CollectedStream()
    states = []
    for number, stream in enumerate(streams):
        replayed = await replay_archive(
            databases,
            store,
            stream,
            unsettled,
            name="orders",
            archive_run="run",
            replay_id=f"replay_{number}",
            timezone="UTC",
            loads=json.loads,
        )
        states.append(await everything(databases))
        assert replayed.events == len(stream.events) > 0
    assert states[0] == states[1]
    assert streams[0].newest() == streams[1].newest()


async def test_a_replay_of_an_absent_archive_says_so(
    databases: AsyncpgDatabases, store: DirectoryObjectStore
) -> None:
    with pytest.raises(ArchiveNotFound, match="no_run"):
        await replay_archive(
            databases,
            store,
            CollectedStream(),
            unsettled,
            name="orders",
            archive_run="no_run",
            replay_id="r",
            timezone="UTC",
            loads=json.loads,
        )


async def test_memory_does_not_grow_with_the_archive(
    databases: AsyncpgDatabases, store: DirectoryObjectStore
) -> None:
    """Three times the archive takes the same memory: a block, a chunk, and one being written."""

    async def chunks(count: int) -> AsyncIterator[bytes]:
        for line in rows.many_orders(count, lines=1, padding=8_000):
            yield line

    peaks = []
    for count in (1_500, 4_500):
        run = f"run_{count}"
        info = await store.put_stream(archive_key(run), chunks(count))
        tracemalloc.start()
        await load_all(load(databases, store, run))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert info.size > 30 * MIB
    assert peaks[1] < peaks[0] * 1.3
    assert peaks[1] < 40 * MIB
