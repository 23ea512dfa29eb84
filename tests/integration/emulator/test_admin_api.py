"""The Admin API over HTTP: who is let in, what it costs, and what queries see."""

from __future__ import annotations

import httpx
import pytest
from local.shopify.faults import Fault
from local.shopify.options import EmulatorOptions
from local.shopify.queries.schema import published_schema

from shared.clock import FixedClock
from tests.fixtures.shopify import ANCHOR, EmulatedShopify

ANCHOR_60_DAYS_AGO = ANCHOR.timestamp() - 60 * 86_400
SHOP = "{ shop { myshopifyDomain ianaTimezone currencyCode } }"


def post(shop: EmulatedShopify, text: str, /, **variables: object) -> httpx.Response:
    body = {"query": text, "variables": variables}
    return shop.http.post(shop.graphql_url, json=body, headers=shop.headers)


def data(shop: EmulatedShopify, text: str, /, **variables: object) -> dict:
    reply = post(shop, text, **variables).json()
    assert "errors" not in reply, reply["errors"]
    return reply["data"]


class TestAccess:
    def test_the_shop_describes_itself(self, shopify_session):
        reply = post(shopify_session, SHOP)
        assert reply.json()["data"]["shop"] == {
            "myshopifyDomain": "northwind-goods.myshopify.com",
            "ianaTimezone": "America/New_York",
            "currencyCode": "USD",
        }
        assert reply.headers["X-Shopify-API-Version"] == "2026-10"

    def test_a_bad_token_is_401_with_errors_as_a_string(self, shopify_session):
        reply = shopify_session.http.post(
            shopify_session.graphql_url,
            json={"query": SHOP},
            headers={"X-Shopify-Access-Token": "shpat_wrong"},
        )
        assert reply.status_code == 401
        assert reply.json() == {
            "errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"
        }

    @pytest.mark.parametrize("as_json", [True, False])
    def test_client_credentials_buy_a_token_for_a_day(self, shopify_session, as_json):
        options = shopify_session.options
        given = {
            "client_id": options.client_id,
            "client_secret": options.client_secret,
            "grant_type": "client_credentials",
        }
        how = {"json": given} if as_json else {"data": given}
        reply = shopify_session.http.post(
            shopify_session.url + "/admin/oauth/access_token", **how
        ).json()
        assert reply["expires_in"] == 86_399
        headers = {"X-Shopify-Access-Token": reply["access_token"]}
        answer = shopify_session.http.post(
            shopify_session.graphql_url, json={"query": SHOP}, headers=headers
        )
        assert answer.status_code == 200

    def test_wrong_credentials_buy_nothing(self, shopify_session):
        url = shopify_session.url + "/admin/oauth/access_token"
        assert shopify_session.http.post(url, json={"client_id": "x"}).status_code == 400

    def test_the_granted_scopes_are_listed(self, shopify_factory):
        shop = shopify_factory(options=EmulatorOptions(scopes=("read_orders",)))
        found = data(shop, "{ currentAppInstallation { accessScopes { handle } } }")
        assert found["currentAppInstallation"]["accessScopes"] == [{"handle": "read_orders"}]


class TestScopes:
    def test_failure_06_without_read_all_orders_old_orders_are_silently_missing(
        self, shopify_factory
    ):
        shop = shopify_factory(options=EmulatorOptions(scopes=("read_orders",)))
        shop.store.clock = FixedClock(ANCHOR)
        found = data(shop, "{ orders(first: 250) { nodes { createdAt } } }")["orders"]["nodes"]
        assert 0 < len(found) < shop.store.count()
        assert min(node["createdAt"] for node in found) >= "2026-09-21"
        assert data(shop, "{ ordersCount { count } }")["ordersCount"]["count"] == len(found)

    @pytest.mark.parametrize("sees_all", [True, False])
    def test_failure_06_an_old_order_is_not_shown_by_its_id_either(self, shopify_factory, sees_all):
        scopes = ("read_orders", *(("read_all_orders",) if sees_all else ()))
        shop = shopify_factory(options=EmulatorOptions(scopes=scopes))
        shop.store.clock = FixedClock(ANCHOR)
        orders = [shop.store.order(index) for index in range(shop.store.source.size)]
        old = min(orders, key=lambda order: order.created_at)
        refund = next(r for o in orders for r in o.refunds if o.created_at < ANCHOR_60_DAYS_AGO)
        query = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
        newest = max(orders, key=lambda order: order.created_at)
        ids = [old.gid, refund.gid, newest.gid]
        found = [node and node["id"] for node in data(shop, query, ids=ids)["nodes"]]
        assert found == (ids if sees_all else [None, None, newest.gid])

    def test_a_field_without_its_scope_is_denied(self, shopify_factory):
        shop = shopify_factory(options=EmulatorOptions(scopes=("read_orders", "read_all_orders")))
        query = "{ orders(first: 1) { nodes { id returns(first: 1) { nodes { id } } } } }"
        reply = post(shop, query).json()
        assert reply["data"] is None
        assert reply["errors"][0]["message"] == (
            "Access denied for returns field. Required access: `read_returns` access scope."
        )
        assert reply["errors"][0]["extensions"]["code"] == "ACCESS_DENIED"


class TestFaults:
    @pytest.mark.parametrize("status", [401, 402, 423, 429, 430, 500, 502, 503])
    def test_http_trouble_happens_once_with_errors_as_a_string(self, shopify, status):
        shopify.faults.inject(f"http_{status}")
        reply = post(shopify, SHOP)
        assert reply.status_code == status
        assert isinstance(reply.json()["errors"], str)
        assert post(shopify, SHOP).status_code == 200

    def test_an_alias_redirects_to_another_domain(self, shopify):
        shopify.faults.inject(Fault.REDIRECT)
        reply = post(shopify, SHOP)
        assert reply.status_code == 301
        assert reply.headers["Location"].startswith("https://renamed-shop.myshopify.com/admin/api")

    def test_a_version_that_fell_forward_shows_in_the_header(self, shopify):
        shopify.faults.inject(Fault.WRONG_VERSION)
        assert post(shopify, SHOP).headers["X-Shopify-API-Version"] == "2026-01"

    def test_an_internal_error_is_http_200(self, shopify):
        shopify.faults.inject(Fault.INTERNAL_ERROR)
        reply = post(shopify, SHOP)
        assert reply.status_code == 200
        assert reply.json()["errors"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"

    def test_faults_can_come_by_chance(self, shopify):
        shopify.faults.chance(Fault.HTTP_503, 1.0)
        assert [post(shopify, SHOP).status_code for _ in range(3)] == [503, 503, 503]
        shopify.faults.clear()
        assert post(shopify, SHOP).status_code == 200


class TestCost:
    def test_every_reply_says_what_it_cost(self, shopify_session):
        cost = post(shopify_session, "{ orders(first: 3) { nodes { id } } }").json()["extensions"]
        assert cost["cost"]["requestedQueryCost"] >= cost["cost"]["actualQueryCost"] > 0
        assert cost["cost"]["throttleStatus"]["maximumAvailable"] == 2000.0

    def test_an_empty_bucket_throttles_with_http_200_and_refills(self, shopify_factory):
        options = EmulatorOptions(throttle_maximum=30, throttle_restore_rate=0.5)
        shop = shopify_factory(options=options)
        query = "{ orders(first: 50) { nodes { id customer { id } } } }"
        replies = [post(shop, query) for _ in range(5)]
        throttled = [reply.json() for reply in replies if "errors" in reply.json()]
        assert throttled
        assert {reply.status_code for reply in replies} == {200}
        assert throttled[0]["errors"][0]["message"] == "Throttled"
        assert throttled[0]["errors"][0]["extensions"]["code"] == "THROTTLED"
        assert "data" not in throttled[0]
        assert throttled[0]["extensions"]["cost"]["actualQueryCost"] is None
        shop.emulator.throttle.restore_rate = 1_000_000
        assert "errors" not in post(shop, query).json()

    def test_one_query_may_not_cost_more_than_a_thousand(self, shopify_session):
        query = """{ orders(first: 250) { nodes { id lineItems(first: 250) { nodes { id
            product { id variants(first: 250) { nodes { id product { id
            metafields(first: 250) { nodes { id } } } } } } } } } } }"""
        error = post(shopify_session, query).json()["errors"][0]
        assert error["extensions"]["code"] == "MAX_COST_EXCEEDED"


class TestQueries:
    def test_pages_follow_each_other_to_the_end(self, shopify_session):
        query = """query($after: String) { orders(first: 60, after: $after, sortKey: UPDATED_AT) {
            edges { cursor node { id updatedAt } } pageInfo { hasNextPage endCursor } } }"""
        found, after = [], None
        while True:
            page = data(shopify_session, query, after=after)["orders"]
            found += [edge["node"] for edge in page["edges"]]
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                break
        assert len({node["id"] for node in found}) == shopify_session.store.count()
        assert found == sorted(found, key=lambda node: node["updatedAt"])

    def test_counts_stop_at_their_limit(self, shopify_session):
        query = """{ all: ordersCount(limit: null) { count } some: ordersCount(limit: 10) { count }
            productsCount { count } }"""
        found = data(shopify_session, query)
        assert found["all"]["count"] == shopify_session.store.count()
        assert found["some"]["count"] == 10
        assert found["productsCount"]["count"] == len(shopify_session.store.products)

    def test_an_unknown_search_field_warns_and_matches_everything(self, shopify_session):
        reply = post(shopify_session, '{ orders(first: 2, query: "made_up:x") { nodes { id } } }')
        (search,) = reply.json()["extensions"]["search"]
        assert search["path"] == ["orders"]
        assert search["warnings"][0]["code"] == "invalid_field"
        assert len(reply.json()["data"]["orders"]["nodes"]) == 2

    def test_lines_of_refunds_and_shipments_are_read_by_id(self, shopify_session):
        store = shopify_session.store
        order = next(
            found
            for index in range(store.count())
            if (found := store.order(index))
            and found.fulfillments
            and any(r.lines for r in found.refunds)
        )
        query = """query($ids: [ID!]!) { nodes(ids: $ids) { __typename ... on Order { id
            refunds { id refundLineItems(first: 20) { nodes { quantity lineItem { id }
              subtotalSet { shopMoney { amount } } totalTaxSet { shopMoney { amount } } } } }
            fulfillments { fulfillmentLineItems(first: 20) { edges { node { quantity } } } }
            agreements(first: 10) { nodes { __typename sales(first: 50) { nodes { quantity
              ... on ProductSale { lineItem { id } } } } } } } } }"""
        absent = "gid://shopify/Order/1"
        found, nothing = data(shopify_session, query, ids=[order.gid, absent])["nodes"]
        assert nothing is None
        assert found["__typename"] == "Order"
        read = [
            (line["lineItem"]["id"], line["quantity"])
            for refund in found["refunds"]
            for line in refund["refundLineItems"]["nodes"]
        ]
        assert read == [(p.line.gid, p.quantity) for r in order.refunds for p in r.lines]
        assert found["agreements"]["nodes"][0]["__typename"] == "OrderAgreement"

    def test_aliases_fragments_and_directives(self, shopify_session):
        query = """query($no: Boolean = false) { first: orders(first: 1) { nodes { ...Named
            note @include(if: $no) test @skip(if: true) } } }
            fragment Named on Order { key: id again: name }"""
        (node,) = data(shopify_session, query)["first"]["nodes"]
        assert list(node) == ["key", "again"]

    def test_a_field_that_shopify_does_not_have_is_an_error(self, shopify_session):
        if published_schema() is None:
            pytest.skip("the npm package with Shopify's schema is not installed")
        (error,) = post(shopify_session, "{ shop { colour } }").json()["errors"]
        assert error["message"] == "Field 'colour' doesn't exist on type 'Shop'"
        assert error["extensions"]["code"] == "undefinedField"

    def test_broken_documents_are_errors_too(self, shopify_session):
        assert "errors" in post(shopify_session, "{ shop {").json()
        reply = shopify_session.http.post(
            shopify_session.graphql_url, content=b"{", headers=shopify_session.headers
        )
        assert reply.status_code == 400


METAFIELDS_SET = """mutation($m: [MetafieldsSetInput!]!) { metafieldsSet(metafields: $m) {
    metafields { id key value compareDigest } userErrors { field message code elementIndex } } }"""


class TestMetafields:
    @pytest.fixture
    def product(self, shopify):
        return next(p for p in shopify.store.products.values() if not p.metafields)

    def write(self, shopify, product, **values):
        given = {"ownerId": product.gid, "namespace": "custom", "key": "score", "type": "json"}
        return data(shopify, METAFIELDS_SET, m=[{**given, **values}])["metafieldsSet"]

    def test_digests_guard_against_writing_over_others(self, shopify, product):
        made = self.write(shopify, product, value="1", compareDigest=None)["metafields"][0]
        stale = self.write(shopify, product, value="2", compareDigest="0" * 64)
        assert stale["metafields"] == []
        assert stale["userErrors"][0] == {
            "code": "STALE_OBJECT",
            "field": ["metafields", "0"],
            "elementIndex": None,
            "message": "The resource has been updated since it was loaded. "
            "Try again with an updated `compareDigest` value.",
        }
        changed = self.write(shopify, product, value="2", compareDigest=made["compareDigest"])
        assert changed["metafields"][0]["value"] == "2"
        assert self.write(shopify, product, value="3")["userErrors"] == []

    def test_null_means_create_only_and_a_digest_needs_a_row(self, shopify, product):
        missing = self.write(shopify, product, value="1", compareDigest="abc")
        assert missing["userErrors"][0]["code"] == "INVALID_COMPARE_DIGEST"
        self.write(shopify, product, value="1")
        existing = self.write(shopify, product, value="2", compareDigest=None)
        assert existing["userErrors"][0]["code"] == "STALE_OBJECT"

    def test_the_same_value_again_is_no_change_even_with_a_bogus_digest(self, shopify, product):
        self.write(shopify, product, value="1")
        assert self.write(shopify, product, value="1", compareDigest="bogus")["userErrors"] == []

    def test_at_most_25_and_all_or_nothing(self, shopify, product):
        one = {"ownerId": product.gid, "key": "k", "value": "v", "type": "json"}
        many = data(shopify, METAFIELDS_SET, m=[one] * 26)["metafieldsSet"]
        assert many["metafields"] is None
        assert many["userErrors"][0]["code"] == "LESS_THAN_OR_EQUAL_TO"
        absent = {**one, "ownerId": "gid://shopify/Product/1"}
        refused = data(shopify, METAFIELDS_SET, m=[one, absent])["metafieldsSet"]
        assert refused["userErrors"][0]["field"] == ["metafields", "1", "ownerId"]
        assert product.metafields == []


def test_tags_are_added_and_removed_whatever_their_case(shopify):
    product = next(iter(shopify.store.products.values()))
    product.tags[:] = ["Sale"]
    before = product.updated_at
    add = """mutation($id: ID!, $tags: [String!]!) { tagsAdd(id: $id, tags: $tags) {
        node { id } userErrors { message } } }"""
    assert data(shopify, add, id=product.gid, tags=["SALE", "new"])["tagsAdd"]["userErrors"] == []
    assert product.tags == ["Sale", "new"]
    assert product.updated_at > before
    data(shopify, add.replace("tagsAdd", "tagsRemove"), id=product.gid, tags=["sale"])
    assert product.tags == ["new"]
