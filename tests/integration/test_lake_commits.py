"""A commit is carried out once, whatever the catalog answers and whoever else writes."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pytest
import requests
from local.iceberg_faults import (
    CONCURRENT_UPDATE,
    LOST_ANSWER,
    RATE_LIMITED,
    UNAVAILABLE,
    Fault,
)
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import BadRequestError, ValidationException
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.types import LongType, NestedField

from shared.adapters.lake.catalog import load_catalog
from shared.adapters.lake.commits import COMMIT_KEY, CommitGaveUp, Persistence, commit, find_commit
from shared.adapters.lake.landing import Append
from shared.adapters.lake.tables import ensure_table
from tests.fixtures.lake import CatalogServer, LakeCatalog

NAME = ("measurement", "numbers")
CONFLICT = Fault("update_table", 409, "CommitFailedException")
BAD_GATEWAY = Fault("update_table", 502, "BadGateway", after=True)
LOADING = Fault("load_table", 503, "ServiceUnavailable")


@pytest.fixture
def catalog(lake_catalog: LakeCatalog) -> LakeCatalog:
    lake_catalog.create_namespace("measurement")
    ensure_table(lake_catalog, NAME, Schema(NestedField(1, "n", LongType(), required=False)))
    return lake_catalog


def _append(number: int) -> Append:
    return Append(lambda _: pa.table({"n": pa.array([number], pa.int64())}))


def _numbers(catalog: Catalog) -> Counter[int]:
    return Counter(catalog.load_table(NAME).scan().to_arrow()["n"].to_pylist())


@pytest.mark.parametrize(
    "faults",
    [
        [CONCURRENT_UPDATE],
        [CONFLICT] * 3,
        [RATE_LIMITED],
        [UNAVAILABLE, CONCURRENT_UPDATE],
        [LOST_ANSWER],
        [BAD_GATEWAY],
        [LOADING, LOST_ANSWER],
    ],
    ids=lambda faults: "+".join(str(fault.status) for fault in faults),
)
def test_each_failure_is_survived(
    catalog: LakeCatalog, catalog_server: CatalogServer, faults: list[Fault]
) -> None:
    for fault in faults:
        catalog_server.faults.add(fault)
    waits: list[float] = []
    table = commit(catalog, NAME, "first", _append(1), sleep=waits.append)
    assert catalog_server.faults.happened == faults
    assert _numbers(catalog) == {1: 1}
    assert len(waits) == len(faults)
    snapshot = find_commit(table, "first")
    assert snapshot is not None
    assert snapshot == catalog.load_table(NAME).current_snapshot()


def test_a_commit_waits_as_long_as_it_is_told(
    catalog: LakeCatalog, catalog_server: CatalogServer
) -> None:
    catalog_server.faults.add(Fault("update_table", 429, retry_after=60))
    catalog_server.faults.add(Fault("update_table", 429, retry_after=6000))
    waits: list[float] = []
    commit(catalog, NAME, "first", _append(1), sleep=waits.append)
    assert waits == [60, Persistence().longest_retry_after]


def test_a_commit_that_is_done_is_not_repeated(catalog: LakeCatalog) -> None:
    commit(catalog, NAME, "first", _append(1))
    commit(catalog, NAME, "second", _append(2))
    commit(catalog, NAME, "first", _append(1))
    assert _numbers(catalog) == {1: 1, 2: 1}


def test_a_commit_gives_up_and_may_be_tried_again(
    catalog: LakeCatalog, catalog_server: CatalogServer
) -> None:
    catalog_server.faults.add(UNAVAILABLE, times=3)
    few = Persistence(attempts=3, first_wait=0)
    with pytest.raises(CommitGaveUp):
        commit(catalog, NAME, "first", _append(1), persistence=few)
    assert _numbers(catalog) == {}
    commit(catalog, NAME, "first", _append(1), persistence=few)
    assert _numbers(catalog) == {1: 1}


def test_an_answer_lost_on_the_last_attempt_is_noticed(
    catalog: LakeCatalog, catalog_server: CatalogServer
) -> None:
    catalog_server.faults.add(LOST_ANSWER)
    commit(catalog, NAME, "first", _append(1), persistence=Persistence(attempts=1, first_wait=0))
    assert _numbers(catalog) == {1: 1}


def test_a_lost_connection_is_looked_into(
    catalog: LakeCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once the request was carried out, once it never arrived."""
    ask, lost = catalog.commit_table, iter([True, False])

    def unreliable(*request: Any) -> Any:
        carried_out = next(lost, None)
        answer = ask(*request) if carried_out is not False else None
        if carried_out is None:
            return answer
        raise requests.ConnectionError("reset by peer")

    monkeypatch.setattr(catalog, "commit_table", unreliable)
    commit(catalog, NAME, "first", _append(1), sleep=lambda _: None)
    commit(catalog, NAME, "second", _append(2), sleep=lambda _: None)
    assert _numbers(catalog) == {1: 1, 2: 1}


def test_a_request_that_is_wrong_is_not_repeated(
    catalog: LakeCatalog, catalog_server: CatalogServer
) -> None:
    catalog_server.faults.add(Fault("update_table", 400, "BadRequestException"), times=2)
    with pytest.raises(BadRequestError):
        commit(catalog, NAME, "first", _append(1))
    assert len(catalog_server.faults.happened) == 1


def test_a_change_is_computed_anew_from_what_another_wrote(catalog: LakeCatalog) -> None:
    """Each adds one to the newest number; the first attempt is overtaken."""
    seen: list[list[int]] = []

    def next_number(table: Table, properties: Mapping[str, str]) -> None:
        numbers = table.scan().to_arrow()["n"].to_pylist()
        seen.append(numbers)
        if not numbers:
            commit(catalog, NAME, "other", _append(1))
        rows = pa.table({"n": pa.array([len(numbers) + 1], pa.int64())})
        table.append(rows, snapshot_properties=dict(properties))

    commit(catalog, NAME, "first", next_number, sleep=lambda _: None)
    assert seen == [[], [1]]
    assert _numbers(catalog) == {1: 1, 2: 1}


def test_a_contradiction_is_the_callers_if_it_wants_it(catalog: LakeCatalog) -> None:
    def contradicted(_table: Table, _properties: Mapping[str, str]) -> None:
        raise ValidationException("changed")

    with pytest.raises(ValidationException):
        commit(catalog, NAME, "first", contradicted, recompute=False)
    with pytest.raises(CommitGaveUp):
        commit(catalog, NAME, "first", contradicted, sleep=lambda _: None)


async def test_many_writers_each_land_once(
    catalog: LakeCatalog, catalog_server: CatalogServer
) -> None:
    """Four clients commit at the same time, some answers are lost on the way."""
    catalog_server.faults.add(LOST_ANSWER, times=4)
    catalog_server.faults.add(CONCURRENT_UPDATE, times=4)
    patience = Persistence(attempts=60, first_wait=0.01, longest_wait=0.2)

    def write(writer: int) -> None:
        server = catalog_server
        own = load_catalog(server.url, server.warehouse, server.token)
        for n in range(5):
            commit(own, NAME, f"{writer}-{n}", _append(10 * writer + n), persistence=patience)
        own.close()

    await asyncio.gather(*(asyncio.to_thread(write, writer) for writer in range(4)))
    expected = {10 * writer + n for writer in range(4) for n in range(5)}
    assert _numbers(catalog) == Counter(expected)
    snapshots = catalog.load_table(NAME).metadata.snapshots
    keys = [s.summary.additional_properties[COMMIT_KEY] for s in snapshots if s.summary]
    assert len(keys) == len(set(keys)) == 20
