"""The client keeps Shopify's protocol where it is awkward: throttles, outages, aliases."""

from __future__ import annotations

import json
from datetime import timedelta
from email.utils import format_datetime

import httpx
import pytest

from shared.integrations.shopify.errors import (
    AccessDenied,
    ApiVersionMismatch,
    BulkOperationInProgress,
    BulkOperationUnknown,
    ChangeRefused,
    QueryRefused,
    ReplyMalformed,
    SearchWarning,
    ShopLocked,
    ShopRedirected,
    ShopUnavailable,
    ShopUnknown,
    Throttled,
)

SHOP = {"shop": {"name": "Ours"}}
OPERATION = "gid://shopify/BulkOperation/1"


async def test_a_query_goes_to_the_pinned_version_with_the_token(wire):
    client, script = wire(wire.graphql(SHOP))
    assert await client.query("{ shop { name } }", {"a": 1}) == SHOP
    request = script.requests[0]
    assert str(request.url) == "https://ours.myshopify.com/admin/api/2026-10/graphql.json"
    assert script.tokens == ["shpat_permanent"]
    assert script.bodies == [{"query": "{ shop { name } }", "variables": {"a": 1}}]


async def test_throttled_in_a_200_waits_as_long_as_the_bucket_needs(wire):
    throttled = wire.graphql(
        errors=[{"message": "Throttled", "extensions": {"code": "THROTTLED"}}],
        cost=wire.cost(500, 100, rate=50),
    )
    client, script = wire(throttled, wire.graphql(SHOP))
    assert await client.query("{ shop { name } }") == SHOP
    assert script.slept == [8.0]


async def test_failure_28_a_known_cost_waits_before_it_is_sent(wire):
    """A burst must not run into the limit that the first reply already showed."""
    reply = wire.graphql(SHOP, cost=wire.cost(400, 100, rate=100))
    client, script = wire(reply)
    await client.query("{ shop { name } }")
    assert script.slept == []
    await client.query("{ shop { name } }")
    assert script.slept == [pytest.approx(3.0)]


@pytest.mark.parametrize("status", [429, 430])
async def test_too_many_requests_waits_for_retry_after(wire, status):
    busy = httpx.Response(status, headers={"Retry-After": "2.5"}, json={"errors": "slow down"})
    client, script = wire(busy, wire.graphql(SHOP))
    assert await client.query("{ shop { name } }") == SHOP
    assert script.slept == [2.5]


async def test_retry_after_may_be_a_date(wire):
    client, script = wire(httpx.Response(200), wire.graphql(SHOP))
    at = script.clock.now() + timedelta(seconds=7)
    script.answers[0] = httpx.Response(429, headers={"Retry-After": format_datetime(at)})
    await client.query("{ shop { name } }")
    assert script.slept == [pytest.approx(7.0)]


async def test_a_throttle_that_never_ends_is_given_up_after_bounded_waits(wire):
    client, script = wire(httpx.Response(429))
    with pytest.raises(Throttled):
        await client.query("{ shop { name } }")
    assert len(script.requests) == 6
    assert script.slept == [1.0, 2.0, 4.0, 8.0, 16.0]


@pytest.mark.parametrize(
    "outage",
    [
        httpx.Response(500),
        httpx.Response(502, text="<html>bad gateway</html>"),
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("late"),
        httpx.Response(200, headers={"X-Shopify-API-Version": "2026-10"}, text="<html>"),
    ],
)
async def test_an_outage_is_waited_out(wire, outage):
    client, script = wire(outage, outage, wire.graphql(SHOP))
    assert await client.query("{ shop { name } }") == SHOP
    assert script.slept == [1.0, 2.0]


async def test_an_internal_server_error_in_a_200_is_waited_out(wire):
    broken = wire.graphql(
        errors=[{"message": "Internal error", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}]
    )
    client, script = wire(broken, wire.graphql(SHOP))
    assert await client.query("{ shop { name } }") == SHOP
    assert script.slept == [1.0]


async def test_an_outage_that_stays_is_reported_as_retryable(wire):
    client, _ = wire(httpx.Response(503))
    with pytest.raises(ShopUnavailable) as caught:
        await client.query("{ shop { name } }")
    assert caught.value.retryable


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (httpx.Response(402, json={"errors": "[API] This shop is frozen"}), ShopLocked),
        (httpx.Response(423, json={"errors": "[API] This shop is locked"}), ShopLocked),
        (httpx.Response(404, json={"errors": "Not Found"}), ShopUnknown),
        (httpx.Response(403, json={"errors": "[API] no"}), AccessDenied),
        (httpx.Response(400, json={"errors": {"query": "Required parameter"}}), QueryRefused),
    ],
)
async def test_statuses_that_waiting_does_not_mend_are_raised_at_once(wire, reply, error):
    client, script = wire(reply)
    with pytest.raises(error):
        await client.query("{ shop { name } }")
    assert len(script.requests) == 1


async def test_errors_may_be_a_text_instead_of_a_list(wire):
    client, _ = wire(wire.graphql(errors="[API] Something else"))
    with pytest.raises(QueryRefused, match="Something else"):
        await client.query("{ shop { name } }")


async def test_a_denied_field_names_itself_and_the_scope(wire):
    denied = wire.graphql(
        {"orders": None},
        errors=[
            {
                "message": "Access denied for returns field.",
                "path": ["orders", "nodes", 0, "returns"],
                "extensions": {"code": "ACCESS_DENIED", "requiredAccess": "`read_returns`"},
            }
        ],
    )
    client, _ = wire(denied)
    with pytest.raises(AccessDenied) as caught:
        await client.query("{ x }")
    assert caught.value.path == "orders.nodes.0.returns"
    assert "read_returns" in str(caught.value)


async def test_an_inactive_shop_is_locked(wire):
    client, _ = wire(
        wire.graphql(errors=[{"message": "gone", "extensions": {"code": "SHOP_INACTIVE"}}])
    )
    with pytest.raises(ShopLocked):
        await client.query("{ x }")


@pytest.mark.parametrize("answered", ["2026-07", None])
async def test_another_api_version_than_ours_is_refused(wire, answered):
    """An expired version falls forward silently: the reply's header is the only sign."""
    headers = {"X-Shopify-API-Version": answered} if answered else {}
    client, script = wire(httpx.Response(200, json={"data": SHOP}, headers=headers))
    with pytest.raises(ApiVersionMismatch, match="2026-10"):
        await client.query("{ shop { name } }")
    assert len(script.requests) == 1


async def test_failure_08_an_alias_domain_is_refused_with_both_names(wire):
    moved = httpx.Response(
        301, headers={"Location": "https://canonical.myshopify.com/admin/api/2026-10/graphql.json"}
    )
    client, script = wire(moved)
    with pytest.raises(ShopRedirected, match=r"ours\.myshopify\.com.*canonical\.myshopify\.com"):
        await client.query("{ shop { name } }")
    assert {request.url.host for request in script.requests} == {"ours.myshopify.com"}


async def test_failure_08_an_alias_that_answers_without_redirect_is_found_by_its_own_name(wire):
    shop = {
        "name": "Ours",
        "myshopifyDomain": "canonical.myshopify.com",
        "ianaTimezone": "Europe/Berlin",
        "currencyCode": "EUR",
    }
    client, _ = wire(wire.graphql({"shop": shop}))
    with pytest.raises(ShopRedirected, match=r"canonical\.myshopify\.com"):
        await client.shop()
    client, _ = wire(wire.graphql({"shop": {**shop, "myshopifyDomain": "ours.myshopify.com"}}))
    assert (await client.shop()).timezone == "Europe/Berlin"


async def test_failure_27_a_search_warning_is_fatal(wire):
    """An unknown filter field does not fail: it matches everything."""
    warned = wire.graphql(
        {"orders": {"nodes": []}},
        search=[
            {
                "path": ["orders"],
                "query": "made_up:x",
                "warnings": [{"field": "made_up", "message": "Invalid", "code": "invalid_field"}],
            }
        ],
    )
    client, _ = wire(warned)
    with pytest.raises(SearchWarning, match="made_up: invalid_field"):
        await client.query("{ x }")


async def test_a_search_report_without_warnings_is_no_warning(wire):
    client, _ = wire(wire.graphql({"x": {}}, search=[{"path": ["x"], "parsed": {}}]))
    assert await client.query("{ x }") == {"x": {}}


async def test_a_bulk_query_starts_ungrouped_and_returns_its_id(wire):
    client, script = wire(
        wire.graphql(
            {
                "bulkOperationRunQuery": {
                    "bulkOperation": {"id": OPERATION, "status": "CREATED"},
                    "userErrors": [],
                }
            }
        )
    )
    assert await client.start_bulk("{ orders { edges { node { id } } } }") == OPERATION
    assert "groupObjects: false" in script.bodies[0]["query"]


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("OPERATION_IN_PROGRESS", BulkOperationInProgress),
        ("LIMIT_REACHED", BulkOperationInProgress),
        ("INVALID", QueryRefused),
    ],
)
async def test_a_bulk_query_that_cannot_start_says_whether_waiting_helps(wire, code, error):
    payload = {
        "bulkOperation": None,
        "userErrors": [{"code": code, "field": None, "message": "because"}],
    }
    client, _ = wire(wire.graphql({"bulkOperationRunQuery": payload}))
    with pytest.raises(error, match="because") as caught:
        await client.start_bulk("{ x }")
    assert caught.value.retryable is (error is BulkOperationInProgress)


async def test_an_operation_is_polled_by_its_id_and_its_counters_are_numbers(wire):
    node = {
        "id": OPERATION,
        "status": "COMPLETED",
        "errorCode": None,
        "createdAt": "2026-11-20T06:00:00Z",
        "completedAt": "2026-11-20T06:00:02Z",
        "objectCount": "1456",
        "rootObjectCount": "4",
        "fileSize": "115969",
        "url": "https://storage.example/result",
        "partialDataUrl": None,
    }
    client, script = wire(wire.graphql({"bulkOperation": node}))
    operation = await client.bulk_operation(OPERATION)
    assert script.bodies[0]["variables"] == {"id": OPERATION}
    assert "currentBulkOperation" not in script.bodies[0]["query"]
    assert (operation.object_count, operation.root_object_count) == (1456, 4)
    assert operation.file_size == 115_969
    assert operation.is_terminal
    assert operation.is_complete
    assert not operation.is_empty


@pytest.mark.parametrize(
    ("status", "terminal", "complete"),
    [
        ("CREATED", False, False),
        ("RUNNING", False, False),
        ("CANCELING", False, False),
        ("CANCELED", True, False),
        ("FAILED", True, False),
        ("EXPIRED", True, False),
        ("completed", True, True),
        ("SOMETHING_NEW", False, False),
    ],
)
async def test_failure_12_every_status_is_told_apart(wire, status, terminal, complete):
    """Others took FAILED for running and polled for ever, and missed EXPIRED."""
    node = {"id": OPERATION, "status": status, "objectCount": "0", "rootObjectCount": "0"}
    client, _ = wire(wire.graphql({"bulkOperation": node}))
    operation = await client.bulk_operation(OPERATION)
    assert (operation.is_terminal, operation.is_complete) == (terminal, complete)


async def test_no_rows_is_a_completed_operation_without_url(wire):
    node = {"id": OPERATION, "status": "COMPLETED", "objectCount": "0", "rootObjectCount": "0"}
    client, _ = wire(wire.graphql({"bulkOperation": {**node, "url": None, "fileSize": None}}))
    operation = await client.bulk_operation(OPERATION)
    assert operation.is_empty
    assert operation.file_size is None


async def test_an_operation_that_shopify_does_not_know_is_no_reason_to_wait(wire):
    client, _ = wire(wire.graphql({"bulkOperation": None}))
    with pytest.raises(BulkOperationUnknown):
        await client.bulk_operation(OPERATION)


async def test_an_operation_without_status_is_a_malformed_reply(wire):
    client, _ = wire(wire.graphql({"bulkOperation": {"id": OPERATION}}))
    with pytest.raises(ReplyMalformed):
        await client.bulk_operation(OPERATION)


async def test_cancelling_what_has_ended_is_no_error_but_what_never_was_is(wire):
    ended = {"bulkOperation": {"id": OPERATION}, "userErrors": [{"field": None, "message": "no"}]}
    client, _ = wire(wire.graphql({"bulkOperationCancel": ended}))
    await client.cancel_bulk(OPERATION)
    never = {"bulkOperation": None, "userErrors": [{"field": ["id"], "message": "no"}]}
    client, _ = wire(wire.graphql({"bulkOperationCancel": never}))
    with pytest.raises(BulkOperationUnknown):
        await client.cancel_bulk(OPERATION)


async def test_failure_06_scopes_and_counts_can_be_checked_against_what_arrived(wire):
    """Without read_all_orders only 60 days are seen, and nothing says so."""
    scopes = {"accessScopes": [{"handle": "read_orders"}, {"handle": "read_products"}]}
    client, _ = wire(
        wire.graphql({"currentAppInstallation": scopes}),
        wire.graphql({"ordersCount": {"count": 8123, "precision": "EXACT"}}),
    )
    assert await client.access_scopes() == {"read_orders", "read_products"}
    assert await client.orders_count("updated_at:>'2026-01-01T00:00:00Z'") == 8123


async def test_failure_06_a_count_is_asked_for_without_limit(wire):
    client, script = wire(wire.graphql({"ordersCount": {"count": 1, "precision": "EXACT"}}))
    await client.orders_count()
    assert "limit: null" in script.bodies[0]["query"]


async def test_customer_data_that_is_not_approved_is_found_out_before_a_bulk_run(wire):
    denied = wire.graphql(
        errors=[{"message": "not approved", "extensions": {"code": "ACCESS_DENIED"}}]
    )
    assert not await wire(denied)[0].reads_customer_data()
    assert await wire(wire.graphql({"orders": {"nodes": []}}))[0].reads_customer_data()


async def test_nodes_are_read_in_chunks_and_keep_their_places(wire):
    def answer(request):
        ids = json.loads(request.content)["variables"]["ids"]
        return wire.graphql({"nodes": [None if i.endswith("/3") else {"id": i} for i in ids]})

    client, script = wire(answer)
    gids = [f"gid://shopify/Order/{number}" for number in range(7)]
    found = await client.nodes(gids, "query($ids: [ID!]!) { nodes(ids: $ids) { id } }", page=3)
    assert [node and node["id"] for node in found] == [
        None if gid.endswith("/3") else gid for gid in gids
    ]
    assert len(script.requests) == 3


async def test_tags_are_changed_by_difference_and_in_pieces(wire):
    done = {"node": {"id": "gid://shopify/Product/1"}, "userErrors": []}
    client, script = wire(wire.graphql({"tagsAdd": done}))
    await client.add_tags("gid://shopify/Product/1", [f"tag {n}" for n in range(251)])
    assert [len(body["variables"]["tags"]) for body in script.bodies] == [250, 1]
    client, script = wire(wire.graphql({"tagsRemove": done}))
    await client.remove_tags("gid://shopify/Product/1", ["old"])
    assert "tagsRemove" in script.bodies[0]["query"]


async def test_a_refused_change_of_tags_points_to_the_field(wire):
    refused = {"node": None, "userErrors": [{"field": ["id"], "message": "does not exist"}]}
    client, _ = wire(wire.graphql({"tagsAdd": refused}))
    with pytest.raises(ChangeRefused) as caught:
        await client.add_tags("gid://shopify/Product/1", ["new"])
    assert caught.value.problems[0].pointer == "/id"


async def test_failure_05_cursors_are_texts_and_pass_through_untouched(wire):
    """A numeric cursor was once parsed as a date; ours are opaque."""
    page = {"nodes": [], "pageInfo": {"hasNextPage": True, "endCursor": "1753"}}
    last = {"nodes": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}
    client, script = wire(wire.graphql({"products": page}), wire.graphql({"products": last}))
    assert [product async for product in client.get_products()] == []
    assert [body["variables"]["after"] for body in script.bodies] == [None, "1753"]
