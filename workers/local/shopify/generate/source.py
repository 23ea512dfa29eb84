"""Generated orders: any of them made again, on demand, from the seed and its index alone."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime
from functools import cached_property

from local.shopify.catalogue import Product, Shop
from local.shopify.generate import goods, people, words
from local.shopify.generate.calendar import Calendar
from local.shopify.generate.demand import Demand
from local.shopify.generate.history import History
from local.shopify.generate.lifecycle import lifecycle
from local.shopify.generate.products import make_products
from local.shopify.generate.randomness import stream
from local.shopify.money import Currencies
from local.shopify.orders import Customer, Order

FIRST_ORDER = 5_500_000_000_000
ORDER_STEP = 1024
_TOPIC = 61
_KEPT = 1_024


class GeneratedOrders:
    """A shop's orders, oldest first; deterministic by seed, size and anchor."""

    def __init__(
        self, *, seed: int, orders: int, anchor: datetime, shop: Shop, days: int | None = None
    ) -> None:
        self.seed, self.size, self.shop = seed, orders, shop
        span = days or (120 if orders <= 50_000 else 730)
        self.calendar = Calendar(
            seed=seed, orders=orders, anchor=anchor, timezone=shop.timezone, days=span
        )
        self._recent: OrderedDict[int, Order] = OrderedDict()

    @cached_property
    def products(self) -> list[Product]:
        """The whole catalogue, products that are gone included."""
        return make_products(seed=self.seed, orders=self.size, calendar=self.calendar)

    @cached_property
    def demand(self) -> Demand:
        """Which product sells when."""
        return Demand(seed=self.seed, products=self.products, days=self.calendar.days)

    def index_of(self, order_id: int) -> int | None:
        """Return the index of an order id, or None."""
        index, rest = divmod(order_id - FIRST_ORDER, ORDER_STEP)
        return index if rest == 0 and 0 <= index < self.size else None

    def created_at(self, index: int) -> int:
        """Return when an order was made."""
        return self.calendar.instant(index)

    def updated_at(self, index: int) -> int:
        """Return when an order last changed, without making the order."""
        created = self.calendar.instant(index)
        return lifecycle(self.seed, index, created, self.calendar.anchor).updated_at

    def order(self, index: int) -> Order:
        """Make an order."""
        if (known := self._recent.get(index)) is not None:
            return known
        order = self._make(index)
        self._recent[index] = order
        if len(self._recent) > _KEPT:
            self._recent.popitem(last=False)
        return order

    def _make(self, index: int) -> Order:
        created = self.calendar.instant(index)
        life = lifecycle(self.seed, index, created, self.calendar.anchor)
        rng, day = stream(self.seed, _TOPIC, index), self.calendar.day_of(index)
        place = people.draw_place(rng)
        order = self._header(index, created, place)
        for number in range(goods.line_count(rng)):
            order.lines.append(goods.draw_line(order, number, self.demand, day, rng))
        goods.apply_discounts(order, rng, free=life.payment == "free")
        goods.add_shipping(order, rng)
        goods.apply_taxes(order, place)
        History(order, life, place=place, demand=self.demand, day=day, rng=rng).play()
        return order

    def _header(self, index: int, created: int, place: people.Place) -> Order:
        rng = stream(self.seed, _TOPIC + 1, index)
        is_local = self.shop.currency == place.currency or rng.random() < 0.25
        rate = 1_000_000 if is_local else place.rate_ppm
        currency = self.shop.currency if is_local else place.currency
        from_web = rng.random() < 0.95
        customer = None
        if rng.random() < 0.78:
            customer = people.customer_of(self.seed, self.size, rng, self.calendar.midnights[0])
        where = people.address(place, customer, rng) if from_web else None
        is_test = rng.random() < 0.01
        return Order(
            index=index,
            id=FIRST_ORDER + index * ORDER_STEP,
            name=f"#{1001 + index}",
            number=1001 + index,
            confirmation_number=f"C{index:08X}" if rng.random() < 0.98 else None,
            created_at=created,
            processed_at=created - (rng.randrange(86_400) if rng.random() < 0.01 else 0),
            updated_at=created,
            currencies=Currencies(self.shop.currency, currency, rate),
            taxes_included=place.included,
            tax_exempt=rng.random() < 0.02,
            customer=customer,
            email=_email(customer, index) if from_web else None,
            phone=customer.phone if customer else None,
            billing=where,
            shipping=where,
            source_name="web" if from_web else "pos",
            gateway="bogus" if is_test else rng.choice(words.GATEWAYS[:2]),
            tags=rng.sample(words.ORDER_TAGS, 2) if rng.random() < 0.1 else [],
            note=rng.choice(words.NOTES) if rng.random() < 0.08 else None,
            po_number=f"PO/{index}" if rng.random() < 0.02 else None,
            customer_locale=rng.choice(("en-US", "de", "ja", "fr-CA", None)),
            landing_page=_landing_page(index, words.PATHS[index % 4]) if from_web else None,
            referrer="https://www.instagram.example/stories?x=1" if rng.random() < 0.2 else None,
            test=is_test,
            custom_attributes=(("delivery-date", "2026-12-24"), ("gift", "yes / 🎁"))
            if rng.random() < 0.06
            else (),
            discount_codes=(),
            fulfillment_override="AWAITING_SLOT" if index % 1499 == 700 else None,
            financial_override="SETTLING" if index % 1399 == 350 else None,
        )


def _email(customer: Customer | None, index: int) -> str | None:
    return customer.email if customer else f"Guest{index}@Example.com "


def _landing_page(index: int, path: str) -> str | None:
    if index % 5 == 0:
        return None
    campaign = words.CAMPAIGNS[index % len(words.CAMPAIGNS)]
    query = f"utm_source=mail&utm_campaign={campaign}&ref=pub_{index % 7}"
    joiner = "&" if "?" in path else "?"
    return f"https://northwind.example{path}{joiner}{query}"
