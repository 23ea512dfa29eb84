"""Decides what a body is worth against what is stored: pure.

Bodies come late, twice and in any order, and Shopify's `updated_at` has a resolution of a second.
An older one changes nothing; a newer one is written; and where a body cannot be the whole truth
(another state of the same second, an order that is not wholly stored, a line that an edit added),
the object is read from Shopify instead.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Literal, NamedTuple

from shared.orders.models import OrderParts
from shared.products.models import ProductParts
from shared.webhooks.models import Standing

Verdict = Literal["write", "same", "outdated", "read"]

_UNSAID_BY_REST: Final = frozenset(
    {
        "is_edited", "return_status", "referring_site",
        "total_received",
        "delivered_at", "in_transit_at", "estimated_delivery_at",
        "online_store_url", "is_gift_card", "category_gid", "category_name",
        "unit_cost", "available_for_sale",
    }
)  # fmt: skip
"""Left out of digests, which are the same for a body and for a read of the same state."""


class Claim(NamedTuple):
    """What a body claims: the state of an object at an instant."""

    updated_at: datetime
    digest: str
    is_birth: bool = False
    """Whether it is the first that can be said of the object."""
    is_exact: bool = True
    """Whether all of it is said: REST states payments in the buyer's currency only, and leaves out
    the variants of a product beyond the hundredth."""
    lines: Collection[str] = ()


def judge(claim: Claim, standing: Standing | None) -> Verdict:
    """Return what to do with the body."""
    if standing is None:
        return "write" if claim.is_birth and claim.is_exact else "read"
    if claim.updated_at < standing.updated_at:
        return "outdated"
    if claim.updated_at == standing.updated_at and not standing.is_incomplete:
        return "same" if claim.digest == standing.digest else "read"
    is_whole = claim.is_exact and not standing.is_incomplete
    return "write" if is_whole and standing.lines.issuperset(claim.lines) else "read"


def order_claim(parts: OrderParts, *, is_birth: bool) -> Claim:
    """Return what an order's body claims."""
    header = parts.header
    return Claim(
        header.shopify_updated_at,
        order_digest(parts),
        is_birth=is_birth,
        is_exact=header.currency == header.presentment_currency,
        lines=[line.id for line in parts.lines],
    )


def order_digest(parts: OrderParts) -> str:
    """Return the digest of all that both shapes say of an order."""
    rows = (parts.header, parts.summary, *parts.lines, *parts.refunds, *parts.refund_lines,
            *parts.fulfillments, *parts.fulfillment_lines)  # fmt: skip
    return _digest(rows)


def product_claim(parts: ProductParts, *, is_birth: bool) -> Claim:
    """Return what a product's body claims."""
    return Claim(
        parts.product.shopify_updated_at,
        product_digest(parts),
        is_birth=is_birth,
        is_exact=parts.is_whole,
    )


def product_digest(parts: ProductParts) -> str:
    """Return the digest of all that both shapes say of a product."""
    return _digest((parts.product, *parts.variants), *parts.tags)


def _digest(rows: Iterable[Any], *texts: str) -> str:
    said = sorted(
        repr([(name, _plain(value)) for name, value in zip(row._fields, row, strict=True)
              if name not in _UNSAID_BY_REST])
        for row in rows
    )  # fmt: skip
    return hashlib.sha256("\n".join((*said, *texts)).encode("utf-8", "replace")).hexdigest()


def _plain(value: object) -> object:
    """Return an amount without its trailing zeros: the shapes write different ones."""
    return str(value.normalize()) if isinstance(value, Decimal) else value
