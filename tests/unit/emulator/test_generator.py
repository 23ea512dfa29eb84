"""The generated shop is the same for the same seed, looks real, and its money adds up."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from local.shopify.catalogue import Shop
from local.shopify.generate.calendar import Calendar
from local.shopify.generate.source import GeneratedOrders
from local.shopify.orders import Order
from local.shopify.queries.agreements import agreements_of
from local.shopify.shops import generated_store
from local.shopify.store import Store
from local.shopify.totals import financial_status, line_discount, line_gross, order_totals
from local.shopify.truth import order_truth, product_truth

ANCHOR = datetime(2026, 11, 20, 12, tzinfo=UTC)
SIZE = 2_000


@pytest.fixture(scope="module")
def store() -> Store:
    return generated_store(seed=11, orders=SIZE, anchor=ANCHOR)


@pytest.fixture(scope="module")
def orders(store: Store) -> list[Order]:
    return [order for index in range(SIZE) if (order := store.order(index)) is not None]


def sums(bags) -> tuple[int, int]:
    found = list(bags)
    return sum(one.shop for one in found), sum(one.presentment for one in found)


class TestDeterminism:
    def test_any_order_is_made_again_from_seed_and_index(self, orders):
        again = GeneratedOrders(seed=11, orders=SIZE, anchor=ANCHOR, shop=Shop())
        for index in (1_777, 3, 900, 0, 1_999):
            assert order_truth(again.order(index)) == order_truth(orders[index])

    def test_the_catalogue_is_the_same_too(self, store):
        again = GeneratedOrders(seed=11, orders=SIZE, anchor=ANCHOR, shop=Shop())
        kept = [product for product in again.products if not product.is_deleted]
        assert [product_truth(p) for p in kept] == [
            product_truth(p) for p in store.products.values()
        ]

    def test_another_seed_is_another_shop(self, orders):
        other = GeneratedOrders(seed=12, orders=SIZE, anchor=ANCHOR, shop=Shop())
        assert order_truth(other.order(5)) != order_truth(orders[5])

    def test_the_index_of_changes_needs_no_goods(self, store, orders):
        assert all(store.updated_at(order.index) == order.updated_at for order in orders)

    def test_a_million_orders_are_reached_without_making_the_others(self):
        large = GeneratedOrders(seed=1, orders=1_000_000, anchor=ANCHOR, shop=Shop())
        assert large.order(999_999).number == 1_001_000
        assert large.created_at(0) < large.created_at(500_000) < large.created_at(999_999)


class TestMoney:
    def test_totals_are_line_nets_plus_tax_plus_shipping(self, orders):
        for order in orders:
            totals = order_totals(order)
            gross, discounts = (
                sums(map(line_gross, order.lines)),
                sums(map(line_discount, order.lines)),
            )
            tax = 0 if order.taxes_included else totals.tax.shop
            assert totals.subtotal.shop == gross[0] - discounts[0]
            assert totals.total.shop == totals.subtotal.shop + tax + totals.shipping.shop
            assert totals.total.shop >= 0
            assert totals.current_total.shop >= 0

    def test_discounts_never_exceed_the_line_in_either_currency(self, orders):
        for line in (line for order in orders for line in order.lines):
            gross, discount = line_gross(line), line_discount(line)
            assert 0 <= discount.shop <= gross.shop
            assert 0 <= discount.presentment <= gross.presentment

    def test_refunded_money_is_at_most_what_was_received(self, orders):
        for order in orders:
            totals = order_totals(order)
            assert totals.refunded.shop <= totals.received.shop
            assert totals.refunded.presentment <= totals.received.presentment
            paid_back = sums(refund.money for refund in order.refunds)
            assert paid_back == (totals.refunded.shop, totals.refunded.presentment)

    def test_everything_refunded_gives_back_exactly_every_line(self, orders):
        checked = 0
        for line in (line for order in orders for line in order.lines):
            if line.quantity and line.refunded == line.quantity:
                checked += 1
        assert checked > 20
        for order in orders:
            if order.lines and all(line.refunded == line.quantity for line in order.lines):
                back = sums(part.net for refund in order.refunds for part in refund.lines)[0]
                tax = sum(t.price.shop for x in order.lines for t in x.tax_lines)
                net = sum(line_gross(x).shop - line_discount(x).shop for x in order.lines)
                assert back == net - (tax if order.taxes_included else 0)

    def test_agreements_lead_from_nothing_to_what_remains(self, orders):
        for order in orders:
            units: Counter[int] = Counter()
            for sale in (sale for found in agreements_of(order) for sale in found.sales):
                if sale.line is not None:
                    units[sale.line.id] += sale.quantity or 0
            assert all(units[line.id] == line.unrefunded for line in order.lines)


class TestUnits:
    def test_current_quantity_leaves_out_what_was_edited_out_refunded_or_is_coming_back(
        self, orders
    ):
        for order in orders:
            coming: Counter[int] = Counter()
            for one in order.returns:
                for part in one.lines if one.status in {"OPEN", "CLOSED"} else ():
                    coming[part.shipped.line.id] += part.quantity - part.refunded
            refunded: Counter[int] = Counter()
            removed: Counter[int] = Counter()
            for part in (part for refund in order.refunds for part in refund.lines):
                refunded[part.line.id] += part.quantity
            for line, count in (pair for edit in order.edits for pair in edit.removed):
                removed[line.id] += count
            for line in order.lines:
                left = line.quantity - removed[line.id] - refunded[line.id]
                assert line.current == left - coming[line.id]
                assert line.current >= 0
        assert any(line.returning for order in orders for line in order.lines)

    def test_no_more_is_shipped_than_was_kept(self, orders):
        for order in orders:
            shipped: Counter[int] = Counter()
            for one in order.fulfillments:
                for part in one.lines:
                    shipped[part.line.id] += part.quantity if one.status == "SUCCESS" else 0
            for line in order.lines:
                assert shipped[line.id] == line.fulfilled <= line.kept

    def test_ids_are_unique_within_their_kind(self, orders):
        for children in (
            [line.id for order in orders for line in order.lines],
            [x.id for order in orders for x in order.transactions],
            [x.id for order in orders for x in order.refunds],
            [part.id for order in orders for x in order.refunds for part in x.lines],
            [part.id for order in orders for x in order.fulfillments for part in x.lines],
            [sale.gid for order in orders for a in agreements_of(order) for sale in a.sales],
        ):
            assert len(children) == len(set(children))

    def test_nothing_happens_after_the_anchor_or_before_the_order(self, orders):
        end = int(ANCHOR.timestamp())
        for order in orders:
            instants = [order.updated_at, *(t.processed_at for t in order.transactions)]
            instants += [x.created_at for x in (*order.refunds, *order.fulfillments)]
            assert max(instants) == order.updated_at <= end
            assert min(instants) >= order.created_at


class TestVariety:
    def test_every_peculiarity_of_a_real_shop_occurs(self, store, orders):
        lines = [line for order in orders for line in order.lines]
        refunds = [refund for order in orders for refund in order.refunds]
        seen = {
            "guest": any(order.customer is None for order in orders),
            "test order": any(order.test for order in orders),
            "gift card": any(line.is_gift_card for line in lines),
            "custom line": any(line.product_id is None and line.sku is None for line in lines),
            "deleted product": any(line.product_id is None and line.sku for line in lines),
            "deleted variant": any(line.product_id and not line.variant_id for line in lines),
            "yen": any(order.currencies.presentment == "JPY" for order in orders),
            "nul": any("\0" in (order.note or "") for order in orders),
            "4 bytes": any(ord(max(order.note or " ")) > 0xFFFF for order in orders),
            "tax included": any(order.taxes_included for order in orders),
            "tax rate zero": any(t.rate_ppm == 0 for x in lines for t in x.tax_lines),
            "no money": any(r.lines and not r.money.shop for r in refunds),
            "goodwill": any(r.money.shop and not r.lines for r in refunds),
            "edited out": any(line.removed for line in lines),
            "edited in": any(line.added_at for line in lines),
            "returns": len({x.status for order in orders for x in order.returns}) >= 4,
            "several shipments": any(len(order.fulfillments) > 1 for order in orders),
            "unknown status": any(order.financial_override == "SETTLING" for order in orders),
            "landing page": any("?" in (order.landing_page or "") for order in orders),
            "60 tags": any(len(p.tags) == 60 for p in store.products.values()),
            "discounts": {a.kind for order in orders for a in order.discount_applications}
            == {"code", "automatic", "manual"},
        }
        assert [name for name, is_seen in seen.items() if not is_seen] == []

    def test_cancellations_come_with_and_without_refund_lines(self, orders):
        cancelled = [order for order in orders if order.cancelled_at]
        assert any(any(refund.lines for refund in order.refunds) for order in cancelled)
        assert any(not order.refunds for order in cancelled)

    def test_all_payment_states_occur(self, orders):
        states = {financial_status(order, order_totals(order)) for order in orders}
        assert states >= {
            "PAID", "PENDING", "AUTHORIZED", "EXPIRED", "PARTIALLY_PAID", "PARTIALLY_REFUNDED",
            "REFUNDED", "VOIDED",
        }  # fmt: skip

    def test_few_products_make_most_sales_and_some_none(self, store, orders):
        sold = Counter(line.product_id for order in orders for line in order.lines)
        top = sum(count for _, count in sold.most_common(len(store.products) // 5))
        assert top > sum(sold.values()) * 0.4
        assert any(product_id not in sold for product_id in store.products)

    def test_weekends_sell_more_and_black_friday_most(self):
        anchor = datetime(2026, 12, 20, tzinfo=UTC)
        calendar = Calendar(seed=3, orders=20_000, anchor=anchor, timezone="UTC", days=60)
        per_day = Counter(
            calendar.first_day + timedelta(days=calendar.day_of(i)) for i in range(20_000)
        )
        assert max(per_day, key=per_day.__getitem__).isoformat() in {
            "2026-11-27", "2026-11-28", "2026-11-29", "2026-11-30",
        }  # fmt: skip
