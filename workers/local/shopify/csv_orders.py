"""A shop made of the CSV that Shopify's admin exports under Orders.

Read are `Name`, `Id`, `Created at`, `Paid at`, `Fulfilled at`, `Cancelled at`, `Refunded Amount`,
`Currency`, `Tags`, and per line `Lineitem name`, `Lineitem sku`, `Lineitem price`,
`Lineitem quantity`, `Lineitem discount`; every other column is ignored. What follows from them:

- rows of one `Name` are one order; its first row has the order's columns, the others only lines;
- a product is a distinct `Lineitem name`, its variants are the distinct SKUs under that name;
- an order is worth the sum of price x quantity - discount; taxes and delivery are ignored;
- it is captured at `Paid at` (at `Created at` if it was refunded and no payment is named);
- `Refunded Amount` of at least that worth refunds every line, a smaller one is goodwill without
  lines; the export has no refund date, so it is `Cancelled at`, or else the last known instant;
- `Cancelled at` cancels the order; what was not refunded is taken back on that day.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from local.shopify import actions
from local.shopify.catalogue import Product, Shop, Variant
from local.shopify.csv_rows import CsvLine, CsvOrder, read_rows
from local.shopify.generate.products import FIRST_PRODUCT
from local.shopify.money import Currencies, bag
from local.shopify.orders import DiscountAllocation, DiscountApplication, Line, Order
from local.shopify.store import Store
from local.shopify.totals import order_totals
from shared.clock import Clock, SystemClock

_FIRST_LINE = 9_300_000_000_000_000
_LINES_KEPT = 4_096


def orders_from_csv(
    path: Path,
    *,
    timezone: str = "UTC",
    clock: Clock | None = None,
    imported_at: datetime | None = None,
) -> Store:
    """Return a shop whose orders are those of an exported file.

    Args:
        path: The file.
        timezone: The shop's time zone, by which days are counted.
        clock: The shop's time for everything that happens from now on.
        imported_at: When the orders came into the shop; the clock's now by default. That is their
            last change, as it is for orders imported into a real shop, so a first sync, which
            reads the last months' changes, reads all of them.

    Raises:
        OrdersCsvInvalid: Rows cannot be read; each problem has its line and column.
    """
    running = clock or SystemClock()
    orders = read_rows(path)
    orders.sort(key=lambda order: (order.created_at, order.id))
    currency = orders[0].currency if orders else "USD"
    shop = Shop(
        domain="imported-orders.myshopify.com",
        name=path.stem,
        timezone=timezone,
        currency=currency,
    )
    return Store(ImportedOrders(orders, shop, imported_at or running.now()), running)


class ImportedOrders:
    """Orders of a file, made anew whenever they are asked for."""

    def __init__(self, orders: list[CsvOrder], shop: Shop, imported_at: datetime) -> None:
        self.shop, self.size, self._orders = shop, len(orders), orders
        self._indexes = {order.id: index for index, order in enumerate(orders)}
        self._variants: dict[tuple[str, str | None], Variant] = {}
        self._products: dict[str, Product] = {}
        at = self._imported_at = int(imported_at.timestamp())
        for order in orders:
            for line in order.lines:
                self._learn(line, order.created_at, at)

    @property
    def products(self) -> list[Product]:
        """Every product that was ever ordered."""
        return list(self._products.values())

    def index_of(self, order_id: int) -> int | None:
        """Return the index of an order id, or None."""
        return self._indexes.get(order_id)

    def created_at(self, index: int) -> int:
        """Return when an order was made."""
        return self._orders[index].created_at

    def updated_at(self, index: int) -> int:
        """Return when an order last changed."""
        return max(self._orders[index].updated_at, self._imported_at)

    def order(self, index: int) -> Order:
        """Make an order."""
        row = self._orders[index]
        order = self._header(row, index)
        order.lines = [self._line(order, line, n) for n, line in enumerate(row.lines)]
        total = order_totals(order).total
        paid = row.paid_at or (row.created_at if row.refunded else None)
        if total.shop:
            status = "SUCCESS" if paid else "PENDING"
            actions.pay(order, "SALE", total, paid or row.created_at, status=status)
        if row.fulfilled_at:
            actions.ship(order, actions.waiting(order), row.fulfilled_at)
        if row.refunded and row.refunded >= total.shop:
            actions.refund_everything(order, row.last_instant)
        elif row.refunded:
            actions.goodwill(order, row.refunded, row.last_instant)
        if row.cancelled_at:
            order.cancelled_at, order.cancel_reason = row.cancelled_at, "OTHER"
        return order

    def _header(self, row: CsvOrder, index: int) -> Order:
        digits = "".join(filter(str.isdigit, row.name))[-9:]
        return Order(
            index=index,
            id=row.id,
            name=row.name,
            number=int(digits or index + 1),
            confirmation_number=None,
            created_at=row.created_at,
            processed_at=row.created_at,
            updated_at=self.updated_at(index),
            currencies=Currencies(row.currency, row.currency),
            taxes_included=False,
            tax_exempt=False,
            customer=None,
            email=None,
            phone=None,
            billing=None,
            shipping=None,
            source_name="web",
            gateway="manual",
            tags=list(row.tags),
            note=None,
            po_number=None,
            customer_locale=None,
            landing_page=None,
            referrer=None,
            test=False,
            custom_attributes=(),
            discount_codes=(),
        )

    def _line(self, order: Order, row: CsvLine, number: int) -> Line:
        variant = self._variants[row.name, row.sku]
        line = Line(
            id=_FIRST_LINE + order.index * _LINES_KEPT + number,
            title=row.name,
            variant_title=None,
            sku=row.sku,
            vendor=None,
            product_id=variant.product.id,
            variant_id=variant.id,
            quantity=row.quantity,
            unit_price=bag(row.price, order.currencies),
            discounts=[],
            tax_lines=[],
            is_gift_card=False,
            taxable=False,
            requires_shipping=True,
            grams=0,
        )
        if row.discount:
            application = DiscountApplication(
                index=len(order.discount_applications),
                kind="manual",
                title="Line discount",
                value=bag(row.discount, order.currencies),
                percentage_ppm=None,
                target_type="LINE_ITEM",
                target_selection="EXPLICIT",
                allocation_method="ONE",
            )
            order.discount_applications.append(application)
            line.discounts.append(
                DiscountAllocation(application, bag(row.discount, order.currencies))
            )
        return line

    def _learn(self, line: CsvLine, ordered_at: int, imported_at: int) -> None:
        product = self._products.get(line.name)
        if product is None:
            product = self._products[line.name] = self._product(line.name, ordered_at, imported_at)
        variant = self._variants.get((line.name, line.sku))
        if variant is not None:
            variant.price = line.price
            return
        position = len(product.variants) + 1
        title = "Default Title" if line.sku is None else line.sku
        made = Variant(
            id=product.id + 20_000_000_000_000 + position,
            product=product,
            title=title,
            sku=line.sku,
            barcode=None,
            position=position,
            price=line.price,
            compare_at_price=None,
            unit_cost=None,
            taxable=False,
            requires_shipping=True,
            inventory=0,
            inventory_policy="CONTINUE",
            grams=0,
            created_at=product.created_at,
            updated_at=imported_at,
            options=(("Title", title),),
        )
        product.variants.append(made)
        product.options = (("Title", tuple(one.title for one in product.variants)),)
        self._variants[line.name, line.sku] = made

    def _product(self, name: str, ordered_at: int, imported_at: int) -> Product:
        number = len(self._products)
        return Product(
            id=FIRST_PRODUCT + number * 32_768,
            title=name,
            handle=f"imported-{number + 1}",
            status="ACTIVE",
            vendor="",
            product_type="",
            tags=[],
            description_html="",
            is_gift_card=False,
            category=None,
            image_url=None,
            created_at=ordered_at,
            updated_at=imported_at,
            published_at=ordered_at,
            options=(),
        )
