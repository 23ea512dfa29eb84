"""The lines of a generated order: products, prices, discounts and taxes."""

from __future__ import annotations

from random import Random

from local.shopify.catalogue import Product, Variant
from local.shopify.generate import words
from local.shopify.generate.demand import Demand
from local.shopify.generate.people import Place
from local.shopify.money import Bag, bag, minus, part_of, share
from local.shopify.orders import (
    DiscountAllocation,
    DiscountApplication,
    Line,
    Order,
    ShippingLine,
    TaxLine,
)
from local.shopify.totals import line_discount, line_gross

FIRST_LINE = 9_400_000_000_000_000
_COUNTS = ((0.26, 1), (0.5, 2), (0.69, 3), (0.82, 4), (0.9, 5), (0.95, 6), (0.985, 8), (0.9995, 12))
_LINES_KEPT = 256


def line_count(rng: Random) -> int:
    """Return how many lines an order has: about three, seldom sixty."""
    drawn = rng.random()
    return next((count for bound, count in _COUNTS if drawn < bound), 60)


def draw_line(order: Order, number: int, demand: Demand, day: int, rng: Random) -> Line:
    """Return one line without discounts and taxes."""
    if rng.random() < 0.012:
        return custom_line(order, number, rng)
    product = demand.pick(day, rng)
    variant = product.variants[int(len(product.variants) * rng.random() ** 1.7)]
    drawn = rng.random()
    quantity = 1 if drawn < 0.8 else 2 if drawn < 0.93 else 3 if drawn < 0.98 else 12
    return product_line(order, number, product, variant, quantity, free=rng.random() < 0.005)


def product_line(
    order: Order, number: int, product: Product, variant: Variant, quantity: int, *, free: bool
) -> Line:
    """Return a line of a variant at its price."""
    gone = product.is_deleted
    return Line(
        id=FIRST_LINE + order.index * _LINES_KEPT + number,
        title=product.title,
        variant_title=None if variant.title == "Default Title" else variant.title,
        sku=variant.sku,
        vendor=product.vendor,
        product_id=None if gone else product.id,
        variant_id=None if gone or variant.id in product.deleted_variants else variant.id,
        quantity=quantity,
        unit_price=bag(0 if free else variant.price, order.currencies),
        discounts=[],
        tax_lines=[],
        is_gift_card=product.is_gift_card,
        taxable=variant.taxable,
        requires_shipping=variant.requires_shipping,
        grams=variant.grams,
        custom_attributes=(("Gift message", "für Dich 💌"),) if number % 29 == 7 else (),
    )


def custom_line(order: Order, number: int, rng: Random) -> Line:
    """Return a line that is no product."""
    return Line(
        id=FIRST_LINE + order.index * _LINES_KEPT + number,
        title=rng.choice(words.CUSTOM_TITLES),
        variant_title=None,
        sku=None,
        vendor=None,
        product_id=None,
        variant_id=None,
        quantity=1,
        unit_price=bag(rng.randrange(500, 5_000), order.currencies),
        discounts=[],
        tax_lines=[],
        is_gift_card=False,
        taxable=True,
        requires_shipping=rng.random() < 0.5,
        grams=0,
    )


def apply_discounts(order: Order, rng: Random, *, free: bool) -> None:
    """Give the order a code, an automatic or a line discount, or none."""
    drawn = rng.random()
    if free:
        _across(order, _application(order, "code", "FREEBIE", 1_000_000))
    elif drawn < 0.12:
        _across(order, _application(order, "code", rng.choice(words.CODES[:3]), 100_000))
    elif drawn < 0.16:
        _fixed(order, rng)
    elif drawn < 0.2:
        application = _application(order, "automatic", "Buy more / save more", 150_000)
        application.target_selection = "ENTITLED"
        _allocate(order.lines[0], application, share(line_gross(order.lines[0]).shop, 15, 100))
    elif drawn < 0.21:
        application = _application(order, "manual", "Staff goodwill", 50_000)
        _across(order, application)
    order.discount_codes = tuple(a.title for a in order.discount_applications if a.kind == "code")


def _application(order: Order, kind: str, title: str, ppm: int | None) -> DiscountApplication:
    application = DiscountApplication(
        index=len(order.discount_applications),
        kind=kind,
        title=title,
        value=None,
        percentage_ppm=ppm,
        target_type="LINE_ITEM",
        target_selection="ALL",
        allocation_method="ACROSS",
    )
    order.discount_applications.append(application)
    return application


def _across(order: Order, application: DiscountApplication) -> None:
    ppm = application.percentage_ppm or 0
    for line in order.lines:
        if not line.is_gift_card:
            _allocate(line, application, share(line_gross(line).shop, ppm, 1_000_000))


def _fixed(order: Order, rng: Random) -> None:
    lines = [line for line in order.lines if not line.is_gift_card and line.unit_price.shop]
    whole = sum(line_gross(line).shop for line in lines)
    amount = min(rng.choice((500, 1_000, 1_001)), whole)
    if not amount:
        return
    application = _application(order, "code", "TAKE5", None)
    application.value = bag(amount, order.currencies)
    done = value = 0
    for line in lines:
        value += line_gross(line).shop
        part = share(amount, value, whole) - done
        done += part
        _allocate(line, application, part)


def _allocate(line: Line, application: DiscountApplication, shop_minor: int) -> None:
    if not shop_minor:
        return
    left = minus(line_gross(line), line_discount(line))
    wanted = bag(min(shop_minor, left.shop), left.currencies)
    amount = Bag(wanted.shop, min(wanted.presentment, left.presentment), left.currencies)
    if amount.shop == left.shop:
        amount = left
    line.discounts.append(DiscountAllocation(application, amount))


def apply_taxes(order: Order, place: Place) -> None:
    """Tax every taxable line and the shipping with the taxes of the place."""
    for line in order.lines:
        tax_line(order, line, place)
    for shipping in order.shipping_lines:
        if order.taxes_included:
            shipping.tax_lines = _taxes(order, shipping.discounted, place)


def tax_line(order: Order, line: Line, place: Place) -> None:
    """Tax one line."""
    if line.taxable:
        line.tax_lines = _taxes(order, minus(line_gross(line), line_discount(line)), place)


def _taxes(order: Order, amount: Bag, place: Place) -> list[TaxLine]:
    lines = []
    for title, rate in place.taxes:
        ppm = 0 if order.tax_exempt else rate
        whole = 1_000_000 + ppm if order.taxes_included else 1_000_000
        lines.append(TaxLine(title, ppm, part_of(amount, ppm, whole)))
    return lines


def add_shipping(order: Order, rng: Random) -> None:
    """Charge delivery, free above a value; nothing when nothing is shipped."""
    if not any(line.requires_shipping for line in order.lines):
        return
    value = sum(line_gross(line).shop for line in order.lines)
    price = bag(0 if value > 15_000 else rng.choice((490, 690, 1_250)), order.currencies)
    title = "Standard / 3-5 days" if rng.random() < 0.8 else "Express"
    number = FIRST_LINE // 4 + order.index * 4
    order.shipping_lines.append(ShippingLine(number, title, title, "shopify", price, price, []))
    if rng.random() < 0.02:
        replaced = ShippingLine(number + 1, "Pick-up", "pickup", "shopify", price, price, [])
        replaced.is_removed = True
        order.shipping_lines.append(replaced)
