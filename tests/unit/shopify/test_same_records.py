"""REST and GraphQL of one object give the same records: the way an order came leaves no trace."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.ids import derived_id
from shared.integrations.shopify import graphql_products, rest_orders, rest_products, values
from shared.integrations.shopify.graphql_orders import order_line, order_parts
from shared.integrations.shopify.graphql_whole_orders import whole_order
from tests.unit.shopify import shapes

# Shopify's documentation samples are read where they lie beside the checkout, not copied into it.
SAMPLES = Path(__file__).parents[4] / "shared" / "fixtures" / "shopify"


def unsaid_by_rest(parts):
    """Return the GraphQL parts without what a REST body does not say."""
    return replace(
        parts,
        header=parts.header._replace(is_edited=None, return_status=None),
        fulfillments=tuple(
            item._replace(delivered_at=None, in_transit_at=None, estimated_delivery_at=None)
            for item in parts.fulfillments
        ),
    )


@pytest.mark.parametrize(
    "part",
    [
        "header", "summary", "addresses", "lines", "transactions", "refunds", "refund_lines",
        "fulfillments", "fulfillment_lines", "returns", "return_lines",
    ],
)  # fmt: skip
def test_an_order_has_the_same_records_in_both_shapes(part):
    of_graphql = unsaid_by_rest(whole_order(shapes.graphql_order()).parts)
    of_rest = rest_orders.order_parts(shapes.rest_order())
    assert getattr(of_rest, part) == getattr(of_graphql, part)


def test_a_product_has_the_same_records_in_both_shapes():
    of_graphql = graphql_products.product_parts(shapes.graphql_product())
    of_rest = rest_products.product_parts(shapes.rest_product())
    assert of_rest == of_graphql


def test_the_values_are_those_of_the_order():
    """Equal is not enough: both could be wrong the same way."""
    parts = whole_order(shapes.graphql_order()).parts
    header = parts.header
    assert header.id == derived_id("ord", "gid://shopify/Order/450789469")
    assert header.number == 1001
    assert header.note == "gift 🎁 for her"
    assert header.tags == '["VIP","wholesale"]'
    assert header.custom_attributes == (
        '[{"key":"colour","value":"grün"},{"key":"empty","value":null}]'
    )
    assert header.cancelled_at == datetime(2026, 11, 5, 23, 29, tzinfo=UTC)
    assert header.landing_site == "https://shop.example/?ref=a"
    assert len(header.email_hash or "") == 64
    assert parts.summary.total_received == Decimal(100)
    assert parts.summary.presentment_total_tax == Decimal("17.57")
    first, second = parts.lines
    assert (first.quantity, first.current_quantity) == (2, 1)
    assert (first.discount_total, first.tax_total) == (Decimal(10), Decimal("12.77"))
    assert first.presentment_tax_total == Decimal("14.05")
    assert (second.product_id, second.variant_id, second.sku) == (None, None, None)
    refund_line = parts.refund_lines[0]
    assert refund_line.amount == Decimal("33.61")
    assert refund_line.order_line_id == first.id
    assert refund_line.refund_id == parts.refunds[0].id
    assert parts.fulfillment_lines[0].fulfillment_id == parts.fulfillments[0].id
    assert [address.kind for address in parts.addresses] == ["billing", "shipping"]
    assert parts.transactions[1].parent_id == parts.transactions[0].id


def test_a_refunded_amount_without_included_tax_is_the_subtotal():
    node, body = shapes.graphql_order(), shapes.rest_order()
    node["taxesIncluded"] = body["taxes_included"] = False
    of_graphql = whole_order(node).parts.refund_lines
    assert of_graphql == rest_orders.order_parts(body).refund_lines
    assert of_graphql[0].amount == Decimal(40)


def test_a_webhook_without_payments_still_says_what_was_received():
    body = shapes.rest_order()
    del body["transactions"]
    parts = rest_orders.order_parts(body)
    assert parts.summary.total_received == Decimal(100)
    assert [item.kind for item in parts.transactions] == ["REFUND"]


@pytest.mark.parametrize("status", ["pending", "authorized", "voided", "expired"])
def test_an_order_that_nobody_paid_received_nothing(status):
    body = shapes.rest_order()
    body |= {"transactions": None, "refunds": [], "financial_status": status}
    assert rest_orders.order_parts(body).summary.total_received == 0


def test_a_bulk_row_makes_the_records_of_its_inline_lists():
    whole = whole_order(shapes.graphql_order()).parts
    root = {k: v for k, v in shapes.graphql_order().items() if k != "lineItems"}
    parts = order_parts(root)
    assert parts.lines == ()
    assert (parts.header, parts.summary, parts.refunds) == (
        whole.header,
        whole.summary,
        whole.refunds,
    )
    row = shapes.graphql_order()["lineItems"]["nodes"][0]
    row["__parentId"] = "gid://shopify/Order/450789469"
    assert order_line(row, row["__parentId"]) == whole.lines[0]


def test_failure_22_a_guest_without_anything_is_an_order():
    node, body = shapes.graphql_order(), shapes.rest_order()
    for name in ("customer", "email", "billingAddress", "shippingAddress", "customerLocale",
                 "customerJourneySummary", "note", "displayFinancialStatus"):  # fmt: skip
        node[name] = None
    for name in ("customer", "email", "billing_address", "shipping_address", "customer_locale",
                 "landing_site", "referring_site", "note", "financial_status"):  # fmt: skip
        body[name] = None
    parts = unsaid_by_rest(whole_order(node).parts)
    assert (parts.header.customer_id, parts.header.email_hash, parts.addresses) == (None, None, ())
    assert rest_orders.order_parts(body) == parts


def test_failure_07_null_children_and_absent_lists_are_tolerated():
    node = shapes.graphql_order()
    node["transactions"] = [None, node["transactions"][0]]
    node["refunds"] = None
    del node["fulfillments"]
    node["lineItems"]["nodes"][0] |= {"taxLines": None, "discountAllocations": None}
    node["lineItems"]["nodes"][0] |= {"customAttributes": None, "product": None}
    parts = whole_order(node).parts
    assert len(parts.transactions) == 1
    assert (parts.refunds, parts.fulfillments) == ((), ())
    assert parts.lines[0].tax_total == 0


@pytest.mark.parametrize(
    "media", [None, {"preview": None}, {"preview": {"image": None}}, {"preview": {"image": {}}}, {}]
)
def test_failure_07_a_product_without_image_is_a_product(media):
    node = shapes.graphql_product()
    node["featuredMedia"] = media
    node["category"] = node["priceRangeV2"] = node["publishedAt"] = None
    product = graphql_products.product_parts(node).product
    assert (product.image_url, product.category_gid, product.price_min) == (None, None, None)


def test_failure_26_units_taken_out_by_an_edit_are_read_from_the_current_quantity():
    """An edit leaves `quantity` and the line's discount as they were."""
    node, body = shapes.graphql_order(), shapes.rest_order()
    node["lineItems"]["nodes"][0]["currentQuantity"] = 0
    body["line_items"][0]["current_quantity"] = 0
    line = whole_order(node).parts.lines[0]
    assert (line.quantity, line.current_quantity, line.discount_total) == (2, 0, Decimal(10))
    assert rest_orders.order_parts(body).lines[0] == line


def test_new_enum_values_are_stored_as_they_come():
    node, body = shapes.graphql_order(), shapes.rest_order()
    node["displayFinancialStatus"], body["financial_status"] = "HALF_PAID", "half_paid"
    node["displayFulfillmentStatus"], body["fulfillment_status"] = "TELEPORTED", "teleported"
    node["transactions"][0]["kind"] = "BARTER"
    body["transactions"][0]["kind"] = "barter"
    parts = whole_order(node).parts
    assert (parts.header.financial_status, parts.transactions[0].kind) == ("HALF_PAID", "BARTER")
    assert rest_orders.order_parts(body) == unsaid_by_rest(parts)


@pytest.mark.parametrize(
    ("rest", "name"),
    [(None, "UNFULFILLED"), ("fulfilled", "FULFILLED"), ("partial", "PARTIALLY_FULFILLED")],
)
def test_rest_states_of_shipping_have_the_names_of_graphql(rest, name):
    body = shapes.rest_order()
    body["fulfillment_status"] = rest
    assert rest_orders.order_parts(body).header.fulfillment_status == name


def test_a_deleted_product_is_no_product_in_both_shapes():
    node, body = shapes.graphql_order(), shapes.rest_order()
    node["lineItems"]["nodes"][0] |= {"product": None, "variant": None}
    body["line_items"][0]["product_exists"] = False
    line = whole_order(node).parts.lines[0]
    assert (line.product_id, line.variant_id) == (None, None)
    assert rest_orders.order_parts(body).lines[0] == line


instants = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(instants, st.integers(-14 * 4, 14 * 4))
def test_an_instant_is_the_same_with_any_offset(at, quarters):
    offset = timedelta(minutes=15 * quarters)
    sign, minutes = ("-" if quarters < 0 else "+"), abs(quarters) * 15
    local = (at + offset).replace(tzinfo=None).isoformat()
    text = f"{local}{sign}{minutes // 60:02}:{minutes % 60:02}"
    assert values.instant(text) == at
    assert values.instant(at.replace(tzinfo=None).isoformat() + "Z").tzinfo is UTC


@given(st.decimals(-(10**9), 10**9, places=2))
def test_an_amount_is_the_same_with_any_number_of_digits(amount):
    short = str(amount.normalize()) if amount else "0.0"
    assert values.amount(f"{amount:f}") == values.amount(short) == amount


@given(st.lists(st.text(st.characters(exclude_characters=",", exclude_categories=["Cs"]))))
def test_tags_are_the_same_from_a_list_and_from_a_text(tags):
    assert values.tags(tags) == values.tags(", ".join(tags))


@given(st.text())
def test_any_text_can_be_stored(text):
    """JSON may carry NUL and lone surrogates; PostgreSQL takes neither."""
    cleaned = values.clean(json.loads(json.dumps(text)))
    assert "\0" not in cleaned
    cleaned.encode()
    assert json.loads(values.texts([text])) == [cleaned]


def test_a_gid_with_a_query_names_the_same_object():
    assert values.known_id("ord", "gid://shopify/Order/1?x=1") == values.known_id(
        "ord", "gid://shopify/Order/1"
    )


def test_large_ids_are_never_floats():
    with pytest.raises(TypeError):
        values.gid_of("Order", 4.5e15)  # type: ignore[arg-type]
    assert values.gid_of("Order", 2**53 + 1) == "gid://shopify/Order/9007199254740993"


@pytest.mark.skipif(not SAMPLES.exists(), reason="the documentation samples are not here")
class TestDocumentationSamples:
    """Bodies that Shopify wrote are read without a loss."""

    def sample(self, name: str) -> dict:
        return json.loads((SAMPLES / f"webhook_shape_{name}.json").read_text())

    def test_order(self):
        body = self.sample("order")
        parts = rest_orders.order_parts(body)
        assert parts.header.shopify_gid == "gid://shopify/Order/450789469"
        assert parts.header.fulfillment_status == "UNFULFILLED"
        assert parts.header.cancelled_at == datetime(2025, 4, 2, 16, 31, 21, tzinfo=UTC)
        assert len(parts.lines) == 3
        assert {line.current_quantity for line in parts.lines} == {0}
        assert len(parts.refund_lines) == 3
        assert parts.summary.total_refunded == sum(
            (item.amount for item in parts.transactions if item.kind == "REFUND"), Decimal(0)
        )
        assert parts.fulfillments[0].status == "FAILURE"
        assert all(asdict(parts).values()) or parts.returns == ()

    def test_product(self):
        parts = rest_products.product_parts(self.sample("product"))
        assert parts.tags == ("Emotive", "Flash Memory", "MP3", "Music")
        assert len(parts.variants) == 4
        assert parts.product.total_inventory == 100

    @pytest.mark.parametrize("name", ["refund", "fulfillment", "transaction"])
    def test_parts(self, name):
        order = self.sample("order")
        body = self.sample(name)
        order_id = rest_orders.order_parts(order).header.id
        rate = rest_orders.Rate.of(order)
        if name == "refund":
            assert rest_orders.refund(body, order_id, rate).total_refunded == Decimal("41.94")
            lines = list(rest_orders.refund_lines(body, order_id, taxes_included=False))
            assert [line.quantity for line in lines] == [1]
        elif name == "fulfillment":
            assert rest_orders.fulfillment(body, order_id).total_quantity == 1
            assert len(list(rest_orders.fulfillment_lines(body, order_id))) == 1
        else:
            row = rest_orders.transaction(body, order_id, rate)
            assert (row.kind, row.status, row.amount) == ("CAPTURE", "SUCCESS", Decimal(10))
