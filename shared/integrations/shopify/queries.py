"""The bulk queries: orders, their agreements, products, each over a window of `updated_at`."""

from __future__ import annotations

from datetime import datetime

from shared.clock import format_instant
from shared.integrations.shopify import selections as s


def window(since: datetime | None, until: datetime) -> str:
    """Return the search filter of `[since, until)`.

    The instants are quoted: Shopify drops the time of an unquoted one and matches whole days.
    """
    bound = f"updated_at:<'{format_instant(until)}'"
    return bound if since is None else f"updated_at:>='{format_instant(since)}' AND {bound}"


def orders_bulk(
    since: datetime | None,
    until: datetime,
    *,
    scopes: s.Scopes = None,
    customer_data: bool = True,
) -> str:
    """Return the bulk query of orders with lines and returns.

    Args:
        since: Inclusive; None for all orders.
        until: Exclusive.
        scopes: What the access token may read; a group whose scope is missing is left out.
        customer_data: False where Shopify did not approve the app for protected customer data.
    """
    lines = f"lineItems {{ edges {{ node {{ {s.line_fields(scopes)} }} }} }}"
    return _bulk(
        "orders",
        window(since, until),
        s.order_fields(scopes, customer_data=customer_data),
        lines,
        _RETURNS if s.granted(scopes, "returns") else "",
        fragments=s.order_fragments(customer_data=customer_data),
    )


def agreements_bulk(since: datetime | None, until: datetime, *, scopes: s.Scopes = None) -> str:
    """Return the bulk query of the sales agreements of orders: refunds and edits by line.

    Sales name their line by id only, which needs no scope beyond that of orders.
    """
    del scopes
    return _bulk("orders", window(since, until), "__typename id", _AGREEMENTS, fragments=s.MONEY)


def products_bulk(since: datetime | None, until: datetime, *, scopes: s.Scopes = None) -> str:
    """Return the bulk query of products with variants; arguments as of `orders_bulk`."""
    variants = f"variants {{ edges {{ node {{ {s.variant_fields(scopes)} }} }} }}"
    return _bulk("products", window(since, until), s.PRODUCT, variants)


def product_roots_bulk(until: datetime) -> str:
    """Return the bulk query of every product that was there, without its variants."""
    return _bulk("products", window(None, until), s.PRODUCT)


_RETURNS = (
    f"returns {{ edges {{ node {{ {s.RETURN}"
    f" returnLineItems {{ edges {{ node {{ {s.RETURN_LINE} }} }} }} }} }} }}"
)
_AGREEMENTS = (
    f"agreements {{ edges {{ node {{ {s.AGREEMENT}"
    f" sales {{ edges {{ node {{ {s.SALE} }} }} }} }} }} }}"
)


def _bulk(root: str, search: str, *fields: str, fragments: str = "") -> str:
    # Without sortKey a range on updated_at times out on large shops.
    document = (
        f'{{ {root}(query: "{search}", sortKey: UPDATED_AT)'
        f" {{ edges {{ node {{ {' '.join(fields)} }} }} }} }} {fragments}"
    )
    return " ".join(document.split())
