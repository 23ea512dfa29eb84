"""Bulk operations over HTTP: files, counters, limits and everything that can go wrong."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from datetime import UTC, datetime

import httpx
import pytest
from local.shopify.faults import Fault
from local.shopify.options import EmulatorOptions
from local.shopify.truth import order_truth

from shared.integrations.shopify import queries
from tests.fixtures.shopify import ANCHOR, EmulatedShopify

UNTIL = datetime(2027, 1, 1, tzinfo=UTC)
RUN = """mutation($query: String!, $grouped: Boolean! = false) {
  bulkOperationRunQuery(query: $query, groupObjects: $grouped) {
    bulkOperation { id status objectCount url } userErrors { code field message } } }"""
POLL = """query($id: ID!) { bulkOperation(id: $id) { id status errorCode objectCount
  rootObjectCount fileSize url partialDataUrl completedAt } }"""
CANCEL = """mutation($id: ID!) { bulkOperationCancel(id: $id) {
  bulkOperation { id status } userErrors { field message } } }"""
LINES = """{ orders { edges { node { __typename id displayFinancialStatus transactions { id }
  lineItems { edges { node { __typename id product { id } } } }
  returns { edges { node { __typename id
    returnLineItems { edges { node { __typename id quantity } } } } } } } } } }"""


def graphql(shop: EmulatedShopify, text: str, /, **variables: object) -> dict:
    body = {"query": text, "variables": variables}
    reply = shop.http.post(shop.graphql_url, json=body, headers=shop.headers)
    assert reply.status_code == 200
    return reply.json()


def start(shop: EmulatedShopify, query: str, *, grouped: bool = False) -> dict:
    return graphql(shop, RUN, query=query, grouped=grouped)["data"]["bulkOperationRunQuery"]


def finish(shop: EmulatedShopify, query: str, *, grouped: bool = False) -> dict:
    payload = start(shop, query, grouped=grouped)
    assert payload["userErrors"] == []
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        found = graphql(shop, POLL, id=payload["bulkOperation"]["id"])["data"]["bulkOperation"]
        if found["status"] not in {"CREATED", "RUNNING", "CANCELING"}:
            return found
        time.sleep(0.02)
    raise AssertionError(found)


def rows(shop: EmulatedShopify, operation: dict) -> list[dict]:
    raw = shop.http.get(operation["url"]).content
    return [json.loads(line) for line in raw.splitlines()]


class TestFiles:
    @pytest.mark.parametrize("kind", ["orders", "agreements", "products"])
    def test_counters_tell_the_truth_about_our_own_queries(self, shopify_session, kind):
        made = {
            "orders": lambda: queries.orders_bulk(None, UNTIL, scopes=None),
            "agreements": lambda: queries.agreements_bulk(None, UNTIL),
            "products": lambda: queries.products_bulk(None, UNTIL),
        }
        operation = finish(shopify_session, made[kind]())
        raw = shopify_session.http.get(operation["url"]).content
        found = [json.loads(line) for line in raw.splitlines()]
        roots = [row for row in found if "__parentId" not in row]
        assert operation["status"] == "COMPLETED"
        assert operation["fileSize"] == str(len(raw))
        assert operation["objectCount"] == str(len(found))
        assert operation["rootObjectCount"] == str(len(roots))
        expected = (
            len(shopify_session.store.products)
            if kind == "products"
            else shopify_session.store.count()
        )
        assert len(roots) == expected
        assert raw.endswith(b"\n")
        assert b"gid://" not in raw
        assert rb"gid:\/\/shopify" in raw

    def test_children_are_scattered_but_never_before_their_parent(self, shopify_session):
        found = rows(shopify_session, finish(shopify_session, LINES))
        seen: set[str] = set()
        adjacent = 0
        for before, row in zip([{}, *found], found, strict=False):
            parent = row.get("__parentId")
            assert parent is None or parent in seen
            adjacent += parent is not None and parent in {
                before.get("id"),
                before.get("__parentId"),
            }
            seen.add(row["id"])
        assert adjacent < len(found) // 2

    def test_a_connection_keeps_its_order(self, shopify_session):
        store = shopify_session.store
        children = defaultdict(list)
        for row in rows(shopify_session, finish(shopify_session, LINES)):
            if row["__typename"] == "LineItem":
                children[row["__parentId"]].append(row["id"])
        for index in range(store.count()):
            order = store.order(index)
            assert children[order.gid] == [line.gid for line in order.lines]

    def test_grouped_children_follow_their_parent(self, shopify_session):
        parents: list[str] = []
        for row in rows(shopify_session, finish(shopify_session, LINES, grouped=True)):
            parent = row.get("__parentId")
            while parents and parent != parents[-1]:
                parents.pop()
            assert parent is None or parents
            parents.append(row["id"])

    def test_the_same_order_is_in_both_layouts(self, shopify_session):
        scattered = rows(shopify_session, finish(shopify_session, LINES))
        grouped = rows(shopify_session, finish(shopify_session, LINES, grouped=True))
        key = lambda row: row["id"]  # noqa: E731
        assert sorted(scattered, key=key) == sorted(grouped, key=key)

    def test_nothing_found_has_no_url(self, shopify_session):
        query = (
            "{ orders(query: \"updated_at:>'2030-01-01T00:00:00Z'\") { edges { node { id } } } }"
        )
        operation = finish(shopify_session, query)
        assert (operation["status"], operation["url"]) == ("COMPLETED", None)
        assert operation["objectCount"] == "0"

    def test_a_window_holds_the_orders_changed_in_it(self, shopify_session):
        store = shopify_session.store
        times = sorted(store.updated_at(index) for index in range(store.count()))
        low, high = times[100], times[300]
        texts = [
            datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for at in (low, high)
        ]
        query = f"""{{ orders(query: "updated_at:>='{texts[0]}' AND updated_at:<'{texts[1]}'",
            sortKey: UPDATED_AT) {{ edges {{ node {{ id updatedAt }} }} }} }}"""
        found = rows(shopify_session, finish(shopify_session, query))
        assert [row["updatedAt"] for row in found] == sorted(row["updatedAt"] for row in found)
        assert len(found) == sum(low <= at < high for at in times)

    def test_a_result_is_served_in_ranges_and_only_with_its_signature(self, shopify_session):
        url = finish(shopify_session, LINES)["url"]
        whole = shopify_session.http.get(url).content
        part = shopify_session.http.get(url, headers={"Range": "bytes=100-"})
        assert (part.status_code, part.content) == (206, whole[100:])
        assert part.headers["Content-Range"] == f"bytes 100-{len(whole) - 1}/{len(whole)}"
        assert (
            shopify_session.http.get(url, headers={"Range": f"bytes={len(whole)}-"}).status_code
            == 416
        )
        assert shopify_session.http.get(url[:-4] + "beef").status_code == 403


class TestLimits:
    def test_the_sixth_operation_at_once_is_refused_with_all_five_ids(self, shopify):
        shopify.faults.inject(Fault.BULK_NEVER_ENDS, 5)
        started = [start(shopify, LINES)["bulkOperation"]["id"] for _ in range(5)]
        refused = start(shopify, LINES)
        assert refused["bulkOperation"] is None
        text = "A bulk query operation for this app and shop is already in progress: "
        assert refused["userErrors"] == [
            {
                "code": "OPERATION_IN_PROGRESS",
                "field": None,
                "message": text + ", ".join(started) + ".",
            }
        ]

    def test_an_operation_starts_created_with_string_counters(self, shopify):
        operation = start(shopify, LINES)["bulkOperation"]
        assert operation | {"id": ""} == {
            "id": "", "status": "CREATED", "objectCount": "0", "url": None,
        }  # fmt: skip

    def test_a_canceled_operation_has_neither_url_nor_partial_url(self, shopify):
        shopify.faults.inject(Fault.BULK_NEVER_ENDS)
        started = start(shopify, LINES)["bulkOperation"]["id"]
        time.sleep(0.1)
        canceled = graphql(shopify, CANCEL, id=started)["data"]["bulkOperationCancel"]
        assert canceled["bulkOperation"]["status"] == "CANCELING"
        time.sleep(0.1)
        found = graphql(shopify, POLL, id=started)["data"]["bulkOperation"]
        assert (found["status"], found["url"], found["partialDataUrl"]) == ("CANCELED", None, None)
        again = graphql(shopify, CANCEL, id=started)["data"]["bulkOperationCancel"]
        assert again["userErrors"][0]["field"] is None

    def test_canceling_what_does_not_exist_is_said(self, shopify_session):
        unknown = "gid://shopify/BulkOperation/1"
        payload = graphql(shopify_session, CANCEL, id=unknown)["data"]["bulkOperationCancel"]
        assert payload == {
            "bulkOperation": None,
            "userErrors": [{"field": ["id"], "message": "Bulk operation does not exist"}],
        }

    def test_operations_are_found_by_status_and_as_the_current_one(self, shopify):
        done = finish(shopify, LINES)
        listed = graphql(
            shopify,
            '{ bulkOperations(first: 5, query: "status:completed") { nodes { id } } '
            "currentBulkOperation { id } }",
        )["data"]
        assert listed["bulkOperations"]["nodes"] == [{"id": done["id"]}]
        assert listed["currentBulkOperation"]["id"] == done["id"]

    def test_failure_15_one_missing_scope_fails_the_whole_operation(self, shopify_factory):
        shop = shopify_factory(options=EmulatorOptions(scopes=("read_orders",)))
        operation = finish(shop, LINES)
        assert (operation["status"], operation["errorCode"]) == ("FAILED", "ACCESS_DENIED")


class TestFaults:
    @pytest.mark.parametrize(
        ("fault", "status", "code"),
        [
            (Fault.BULK_FAILED, "FAILED", "INTERNAL_SERVER_ERROR"),
            (Fault.BULK_FAILED_WITH_PARTIAL, "FAILED", "INTERNAL_SERVER_ERROR"),
            (Fault.BULK_ACCESS_DENIED, "FAILED", "ACCESS_DENIED"),
            (Fault.BULK_CANCELED, "CANCELED", None),
            (Fault.BULK_EXPIRED, "EXPIRED", None),
        ],
    )
    def test_an_operation_can_end_badly_once(self, shopify, fault, status, code):
        shopify.faults.inject(fault)
        operation = finish(shopify, LINES)
        assert (operation["status"], operation["errorCode"]) == (status, code)
        assert operation["url"] is None
        has_partial = operation["partialDataUrl"] is not None
        assert has_partial is (fault is Fault.BULK_FAILED_WITH_PARTIAL)
        assert finish(shopify, LINES)["status"] == "COMPLETED"

    @pytest.mark.parametrize(
        ("fault", "name"),
        [
            (Fault.WRONG_OBJECT_COUNT, "objectCount"),
            (Fault.WRONG_ROOT_COUNT, "rootObjectCount"),
            (Fault.WRONG_FILE_SIZE, "fileSize"),
        ],
    )
    def test_a_counter_can_be_wrong(self, shopify, fault, name):
        right = finish(shopify, LINES)
        shopify.faults.inject(fault)
        wrong = finish(shopify, LINES)
        assert int(wrong[name]) == int(right[name]) + 1
        assert [
            key
            for key in ("objectCount", "rootObjectCount", "fileSize")
            if wrong[key] != right[key]
        ] == [name]

    def test_a_file_can_be_truncated_in_the_middle_of_a_line(self, shopify):
        shopify.faults.inject(Fault.FILE_TRUNCATED)
        operation = finish(shopify, LINES)
        raw = shopify.http.get(operation["url"]).content
        assert len(raw) < int(operation["fileSize"])
        with pytest.raises(json.JSONDecodeError):
            json.loads(raw.splitlines()[-1])

    def test_a_file_can_be_cut_at_a_line_with_a_size_that_fits(self, shopify):
        shopify.faults.inject(Fault.FILE_CUT_AT_LINE)
        operation = finish(shopify, LINES)
        raw = shopify.http.get(operation["url"]).content
        assert len(raw) == int(operation["fileSize"])
        assert len(raw.splitlines()) < int(operation["objectCount"])

    def test_lines_can_end_in_crlf_and_be_followed_by_blank_ones(self, shopify):
        shopify.faults.inject(Fault.FILE_CRLF)
        shopify.faults.inject(Fault.FILE_BLANK_LINES)
        operation = finish(shopify, LINES)
        raw = shopify.http.get(operation["url"]).content
        assert raw.count(b"\r\n\r\n") == int(operation["objectCount"])

    def test_enums_can_be_unknown_and_children_null(self, shopify):
        shopify.faults.inject(Fault.FILE_UNKNOWN_ENUM)
        shopify.faults.inject(Fault.FILE_NULL_CHILD)
        found = rows(shopify, finish(shopify, LINES))
        orders = [row for row in found if row["__typename"] == "Order"]
        assert {row["displayFinancialStatus"] for row in orders} == {"NEVER_SEEN_BEFORE"}
        assert any(None in row["transactions"] for row in orders)
        assert all(row["product"] is None for row in found if row["__typename"] == "LineItem")

    def test_a_url_can_be_expired(self, shopify):
        shopify.faults.inject(Fault.URL_EXPIRED)
        url = finish(shopify, LINES)["url"]
        assert shopify.http.get(url).status_code == 403
        assert shopify.http.get(url).status_code == 403

    def test_a_download_can_break_and_be_resumed(self, shopify):
        operation = finish(shopify, LINES)
        shopify.faults.inject(Fault.DOWNLOAD_DROPPED)
        received = b""
        with (
            pytest.raises(httpx.RemoteProtocolError),
            shopify.http.stream("GET", operation["url"]) as reply,
        ):
            for block in reply.iter_raw():
                received += block
        rest = shopify.http.get(operation["url"], headers={"Range": f"bytes={len(received)}-"})
        assert 0 < len(received) < int(operation["fileSize"])
        assert len(received) + len(rest.content) == int(operation["fileSize"])

    def test_an_operation_can_take_long(self, shopify_factory):
        shop = shopify_factory(options=EmulatorOptions(bulk_delayed_seconds=0.4))
        shop.faults.inject(Fault.BULK_DELAYED)
        begun = time.monotonic()
        assert finish(shop, LINES)["status"] == "COMPLETED"
        assert time.monotonic() - begun > 0.4


def test_what_changed_after_the_start_is_in_the_next_file(shopify):
    order = shopify.store.order(3)
    shopify.emulator.api.changes.update(order.id, note="changed 🎁")
    deleted = shopify.store.order(4)
    shopify.emulator.api.changes.delete(deleted.id)
    query = "{ orders(sortKey: UPDATED_AT) { edges { node { id note updatedAt } } } }"
    found = rows(shopify, finish(shopify, query))
    assert found[-1] | {"updatedAt": ""} == {"id": order.gid, "note": "changed 🎁", "updatedAt": ""}
    assert len(found) == 99
    assert deleted.gid not in {row["id"] for row in found}
    lines = shopify.http.get(shopify.url + "/_emulator/orders").iter_lines()
    truth = [json.loads(line) for line in lines]
    changed = [row["id"] for row in truth if row["updated_at"] > int(ANCHOR.timestamp())]
    assert changed == [order.id]
    assert order_truth(shopify.store.order(5)) in truth
