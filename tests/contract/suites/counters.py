"""What every `Counters` adapter promises of the points it has written and can read back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from shared.ports import CounterPoint, Counters

ALWAYS = datetime(2020, 1, 1, tzinfo=UTC)


async def is_empty_for_an_index_without_points(port: Counters) -> None:
    assert await port.totals("no-points", since=ALWAYS) == {}


async def sums_the_doubles_by_the_first_blob(port: Counters) -> None:
    port.write(
        [
            CounterPoint("publisher-1", ("item-a", "x"), (1.0, 2.0)),
            CounterPoint("publisher-1", ("item-b",), (5.0, 0.0)),
        ]
    )
    port.write([CounterPoint("publisher-1", ("item-a", "y"), (10.0, 0.5))])
    totals = await port.totals("publisher-1", since=ALWAYS)
    assert {blob: list(doubles) for blob, doubles in totals.items()} == {
        "item-a": [11.0, 2.5],
        "item-b": [5.0, 0.0],
    }


async def keeps_indexes_apart(port: Counters) -> None:
    port.write([CounterPoint("index-1", ("a",), (1.0,)), CounterPoint("index-2", ("a",), (2.0,))])
    assert list((await port.totals("index-1", since=ALWAYS))["a"]) == [1.0]
    assert list((await port.totals("index-2", since=ALWAYS))["a"]) == [2.0]


async def counts_from_an_instant(port: Counters) -> None:
    port.write([CounterPoint("since", ("a",), (1.0,))])
    later = datetime.now(UTC) + timedelta(days=1)
    assert await port.totals("since", since=later) == {}


async def never_fails_the_caller(port: Counters) -> None:
    port.write([])
    port.write([CounterPoint("too-many", ("a",), (1.0,) * 21)])
    port.write([CounterPoint("too-many", ("a",) * 21, (1.0,))])
    port.write([CounterPoint("too-many", ("a",), (1.0,) * 20)])
    assert list((await port.totals("too-many", since=ALWAYS))["a"]) == [1.0] * 20


CASES = (
    is_empty_for_an_index_without_points,
    sums_the_doubles_by_the_first_blob,
    keeps_indexes_apart,
    counts_from_an_instant,
    never_fails_the_caller,
)
