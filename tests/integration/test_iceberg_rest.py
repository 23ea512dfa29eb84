"""The local catalog answers as R2 Data Catalog says it does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pyarrow as pa
import pytest
from local.iceberg_faults import Fault, Limits
from local.iceberg_rest import serve_catalog
from pyiceberg.exceptions import (
    BadRequestError,
    CommitFailedException,
    NamespaceNotEmptyError,
    NoSuchNamespaceError,
    NoSuchTableError,
    RESTError,
    TableAlreadyExistsError,
    TooManyRequestsError,
)
from pyiceberg.schema import Schema
from pyiceberg.table import CommitTableRequest, Table
from pyiceberg.types import LongType, NestedField

from shared.adapters.lake.catalog import load_catalog
from shared.errors import Unavailable
from tests.fixtures.lake import TOKEN, CatalogServer, LakeCatalog

SCHEMA = Schema(NestedField(1, "n", LongType(), required=False))


def _rows(*numbers: int) -> pa.Table:
    return pa.table({"n": pa.array(numbers, pa.int64())})


def _numbers(table: Table) -> list[int]:
    return sorted(table.scan().to_arrow()["n"].to_pylist())


@pytest.fixture
def http(catalog_server: CatalogServer) -> Iterator[httpx.Client]:
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    with httpx.Client(base_url=catalog_server.url, headers=bearer) as client:
        yield client


@pytest.fixture
def prefix(http: httpx.Client, catalog_server: CatalogServer) -> str:
    config = http.get("/v1/config", params={"warehouse": catalog_server.warehouse}).json()
    return f"/v1/{config['overrides']['prefix']}"


@pytest.fixture
def table(lake_catalog: LakeCatalog) -> Table:
    lake_catalog.create_namespace("shop")
    return lake_catalog.create_table("shop.numbers", SCHEMA)


class TestAccess:
    """A bearer token and the prefix of the warehouse, or nothing."""

    def test_no_token_is_401_and_a_wrong_one_403_in_plain_text(self, http: httpx.Client) -> None:
        del http.headers["Authorization"]
        refused = http.get("/v1/config")
        assert (refused.status_code, refused.text) == (401, "Unauthorized")
        assert refused.headers["content-type"].startswith("text/plain")
        for header in ("Bearer wrong", "Bearer \u00e9"):
            wrong = http.get("/v1/config", headers={"Authorization": header.encode()})
            assert (wrong.status_code, wrong.text) == (403, "Forbidden")

    def test_config_knows_one_warehouse_and_names_a_prefix(
        self, http: httpx.Client, prefix: str
    ) -> None:
        assert http.get("/v1/config", params={"warehouse": "other"}).status_code == 404
        assert http.get(f"{prefix}/namespaces").json() == {"namespaces": []}
        assert http.get("/v1/other/namespaces").status_code == 404
        assert http.get("/v1/namespaces").status_code == 404

    def test_a_port_that_is_taken_is_named(
        self, catalog_server: CatalogServer, tmp_path: Path
    ) -> None:
        port = urlsplit(catalog_server.url).port
        assert port is not None
        with pytest.raises(Unavailable, match=str(port)):
            serve_catalog(tmp_path / "other", TOKEN, port).__enter__()


class TestNamespaces:
    def test_they_are_made_listed_changed_and_dropped(self, lake_catalog: LakeCatalog) -> None:
        lake_catalog.create_namespace("a", {"owner": "x"})
        lake_catalog.create_namespace(("a", "b"))
        assert lake_catalog.list_namespaces() == [("a",)]
        assert lake_catalog.list_namespaces("a") == [("a", "b")]
        lake_catalog.update_namespace_properties("a", {"owner"}, {"team": "y"})
        assert lake_catalog.load_namespace_properties("a") == {"team": "y"}
        lake_catalog.drop_namespace(("a", "b"))
        lake_catalog.drop_namespace("a")
        assert not lake_catalog.namespace_exists("a")
        with pytest.raises(NoSuchNamespaceError):
            lake_catalog.drop_namespace("a")

    def test_a_namespace_with_tables_stays(self, lake_catalog: LakeCatalog, table: Table) -> None:
        with pytest.raises(NamespaceNotEmptyError):
            lake_catalog.drop_namespace("shop")
        assert table.name() == ("shop", "numbers")

    def test_periods_and_great_depth_are_refused(self, http: httpx.Client, prefix: str) -> None:
        for namespace in (["a.b"], [""], [], list("abcdef")):
            refused = http.post(f"{prefix}/namespaces", json={"namespace": namespace})
            assert refused.status_code == 400


class TestTables:
    def test_a_table_is_made_filled_renamed_and_dropped(
        self, lake_catalog: LakeCatalog, table: Table
    ) -> None:
        table.append(_rows(1, 2))
        assert _numbers(lake_catalog.load_table("shop.numbers")) == [1, 2]
        lake_catalog.rename_table("shop.numbers", "shop.renamed")
        assert lake_catalog.list_tables("shop") == [("shop", "renamed")]
        assert not lake_catalog.table_exists("shop.numbers")
        lake_catalog.drop_table("shop.renamed")
        assert any(_files(table)), "a drop keeps the files"
        with pytest.raises(NoSuchTableError):
            lake_catalog.load_table("shop.renamed")

    def test_a_purge_removes_the_files(self, lake_catalog: LakeCatalog, table: Table) -> None:
        table.append(_rows(1))
        table.append(_rows(2))
        lake_catalog.purge_table("shop.numbers")
        assert _files(table) == []

    def test_a_name_that_is_taken_is_409(self, lake_catalog: LakeCatalog, table: Table) -> None:
        with pytest.raises(TableAlreadyExistsError):
            lake_catalog.create_table(table.name(), SCHEMA)
        lake_catalog.create_table("shop.other", SCHEMA)
        with pytest.raises(TableAlreadyExistsError):
            lake_catalog.rename_table("shop.other", "shop.numbers")

    def test_a_staged_table_is_there_once_it_is_committed(self, lake_catalog: LakeCatalog) -> None:
        lake_catalog.create_namespace("shop")
        properties = {"write.metadata.previous-versions-max": "5"}
        staged = lake_catalog.create_table_transaction("shop.staged", SCHEMA, properties=properties)
        assert not lake_catalog.table_exists("shop.staged")
        staged.append(_rows(1))
        staged.commit_transaction()
        made = lake_catalog.load_table("shop.staged")
        assert _numbers(made) == [1]
        assert made.properties == properties

    def test_a_location_must_be_empty_and_in_the_warehouse(
        self, lake_catalog: LakeCatalog, table: Table
    ) -> None:
        for location in (table.location(), "file:///tmp/elsewhere", "s3://bucket/x"):
            with pytest.raises(BadRequestError):
                lake_catalog.create_table("shop.other", SCHEMA, location=location)

    def test_load_table_always_has_every_snapshot(
        self, http: httpx.Client, prefix: str, table: Table
    ) -> None:
        table.append(_rows(1))
        table.append(_rows(2))
        path = f"{prefix}/namespaces/shop/tables/numbers"
        loaded = http.get(path, params={"snapshots": "refs"})
        assert len(loaded.json()["metadata"]["snapshots"]) == 2
        assert "etag" not in loaded.headers

    def test_a_restart_keeps_everything(self, tmp_path: Path) -> None:
        """Also below a directory whose name needs care in a URL."""
        directory = tmp_path / "my läke 100%"
        for start in range(2):
            with serve_catalog(directory, TOKEN) as server:
                catalog = load_catalog(server.url, server.warehouse, server.token)
                if start == 0:
                    catalog.create_namespace("shop")
                    catalog.create_table("shop.numbers", SCHEMA)
                catalog.load_table("shop.numbers").append(_rows(start))
                assert _numbers(catalog.load_table("shop.numbers")) == list(range(start + 1))
                catalog.close()


class TestCommits:
    def test_a_requirement_that_does_not_hold_is_409(
        self, lake_catalog: LakeCatalog, table: Table
    ) -> None:
        stale = lake_catalog.load_table(table.name())
        table.append(_rows(1))
        with stale.transaction() as transaction:
            transaction.set_properties({"commit.retry.num-retries": "0"})
        stale = lake_catalog.load_table(table.name())
        table.refresh().append(_rows(2))
        with pytest.raises(CommitFailedException):
            stale.append(_rows(3))
        assert _numbers(table.refresh()) == [1, 2]

    @pytest.mark.parametrize("name", ["write.data.path", "write.metadata.path"])
    def test_the_place_of_files_cannot_be_changed(self, table: Table, name: str) -> None:
        with pytest.raises(CommitFailedException, match="PropertyRefused"):
            table.transaction().set_properties({name: "file:///tmp/x"}).commit_transaction()

    def test_nor_can_what_was_set_at_first_be_removed(self, lake_catalog: LakeCatalog) -> None:
        lake_catalog.create_namespace("shop")
        name = "write.metadata.previous-versions-max"
        table = lake_catalog.create_table("shop.numbers", SCHEMA, properties={name: "5"})
        with pytest.raises(CommitFailedException, match="PropertyRefused"):
            table.transaction().remove_properties(name).commit_transaction()

    def test_a_transaction_over_two_tables_is_whole_or_not(
        self, http: httpx.Client, prefix: str, lake_catalog: LakeCatalog, table: Table
    ) -> None:
        other = lake_catalog.create_table("shop.other", SCHEMA)
        good, bad = _set_property(table, "a", "1"), _set_property(other, "a", "1")
        bad["requirements"] = [
            {"type": "assert-table-uuid", "uuid": str(table.metadata.table_uuid)}
        ]
        path = f"{prefix}/transactions/commit"
        assert http.post(path, json={"table-changes": [good, bad]}).status_code == 409
        assert table.refresh().properties == {}
        assert http.post(path, json={"table-changes": [good, good]}).status_code == 400
        bad["requirements"] = []
        assert http.post(path, json={"table-changes": [good, bad]}).status_code == 204
        assert table.refresh().properties == other.refresh().properties == {"a": "1"}

    def test_a_commit_to_no_table_is_404(self, lake_catalog: LakeCatalog, table: Table) -> None:
        lake_catalog.drop_table(table.name())
        with pytest.raises(RESTError, match="NoSuchTable"):
            table.transaction().set_properties({"a": "1"}).commit_transaction()

    def test_nonsense_is_400(self, http: httpx.Client, prefix: str, table: Table) -> None:
        path = f"{prefix}/namespaces/shop/tables/{table.name()[-1]}"
        for body in (
            b"",
            b"[]",
            b'{"updates": 1}',
            b'{"requirements":[{"type":"x"}],"updates":[]}',
        ):
            assert http.post(path, content=body).status_code == 400


class TestFaultsAndLimits:
    def test_a_fault_ends_as_many_requests_as_it_was_added_for(
        self, http: httpx.Client, prefix: str, catalog_server: CatalogServer
    ) -> None:
        catalog_server.faults.add(Fault("list_namespaces", 429, retry_after=60), times=2)
        answers = [http.get(f"{prefix}/namespaces") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [429, 429, 200]
        assert answers[0].headers["retry-after"] == "60"
        assert answers[0].json()["error"]["code"] == 429

    def test_too_many_updates_of_a_table_are_429(self, tmp_path: Path) -> None:
        time = [0.0]
        limits = Limits(updates_per_table=3, now=lambda: time[0])
        with serve_catalog(tmp_path / "limited", TOKEN, limits=limits) as server:
            catalog = load_catalog(server.url, server.warehouse, server.token)
            catalog.create_namespace("shop")
            one, two = (catalog.create_table(f"shop.t{n}", SCHEMA) for n in range(2))
            for _ in range(3):
                one.append(_rows(1))
            with pytest.raises(TooManyRequestsError):
                one.append(_rows(1))
            two.append(_rows(1))
            time[0] = 60.0
            one.append(_rows(1))
            assert len(_numbers(one)) == 4
            catalog.close()

    def test_too_many_writes_of_the_catalog_are_429(self, tmp_path: Path) -> None:
        with serve_catalog(tmp_path / "limited", TOKEN, limits=Limits(writes=2)) as server:
            catalog = load_catalog(server.url, server.warehouse, server.token)
            catalog.create_namespace("a")
            catalog.create_namespace("b")
            with pytest.raises(TooManyRequestsError):
                catalog.create_namespace("c")
            assert sorted(catalog.list_namespaces()) == [("a",), ("b",)]
            catalog.close()


def _files(table: Table) -> list[Path]:
    return [p for p in Path(urlsplit(table.location()).path).rglob("*") if p.is_file()]


def _set_property(table: Table, name: str, value: str) -> dict[str, object]:
    change = {
        "identifier": {"namespace": table.name()[:-1], "name": table.name()[-1]},
        "requirements": [],
        "updates": [{"action": "set-properties", "updates": {name: value}}],
    }
    CommitTableRequest.model_validate(change)
    return change
