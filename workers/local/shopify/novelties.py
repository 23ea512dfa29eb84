"""Orders and products that come into the shop while it runs."""

from __future__ import annotations

from local.shopify.catalogue import Product, Variant
from local.shopify.money import Currencies
from local.shopify.orders import Order
from local.shopify.store import Store

_NEW_ORDERS = 8_800_000_000_000
_NEW_PRODUCTS = 8_900_000_000_000


def new_order(store: Store, index: int, now: int, *, test: bool, email: str | None) -> Order:
    """Return an order without lines, placed now."""
    currency = store.shop.currency
    return Order(
        index=index,
        id=_NEW_ORDERS + index * 1024,
        name=f"#{1001 + index}",
        number=1001 + index,
        confirmation_number=f"N{index:08X}",
        created_at=now,
        processed_at=now,
        updated_at=now,
        currencies=Currencies(currency, currency),
        taxes_included=False,
        tax_exempt=False,
        customer=None,
        email=email,
        phone=None,
        billing=None,
        shipping=None,
        source_name="web",
        gateway="shopify_payments",
        tags=[],
        note=None,
        po_number=None,
        customer_locale="en",
        landing_page=None,
        referrer=None,
        test=test,
        custom_attributes=(),
        discount_codes=(),
    )


def new_product(
    store: Store, title: str, price_minor: int, sku: str | None, status: str
) -> Product:
    """Return a product with one variant, published now."""
    now, number = store.now(), len(store.products)
    product = Product(
        id=_NEW_PRODUCTS + number * 1024,
        title=title,
        handle=f"new-{number}",
        status=status,
        vendor=store.shop.name,
        product_type="",
        tags=[],
        description_html="",
        is_gift_card=False,
        category=None,
        image_url=None,
        created_at=now,
        updated_at=now,
        published_at=now if status == "ACTIVE" else None,
        options=(("Title", ("Default Title",)),),
    )
    product.variants.append(
        Variant(
            id=product.id + 1,
            product=product,
            title="Default Title",
            sku=sku,
            barcode=None,
            position=1,
            price=price_minor,
            compare_at_price=None,
            unit_cost=None,
            taxable=True,
            requires_shipping=True,
            inventory=100,
            inventory_policy="DENY",
            grams=100,
            created_at=now,
            updated_at=now,
            options=(("Title", "Default Title"),),
        )
    )
    return product
