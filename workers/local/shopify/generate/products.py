"""The generated catalogue: every kind of product a real shop has collected over the years."""

from __future__ import annotations

import hashlib
import math
from random import Random

from local.shopify.catalogue import Metafield, Product, Variant
from local.shopify.generate import words
from local.shopify.generate.calendar import Calendar
from local.shopify.generate.randomness import stream

FIRST_PRODUCT: int = 7_000_000_000_001
_STEP = 32_768
_TOPIC = 21
_DAY = 86_400
ROLES = {
    1: "many_tags", 3: "gift_card", 5: "never_sold", 6: "archived", 8: "deleted", 9: "draft",
    11: "unlisted", 12: "deleted_variant", 14: "never_sold_draft",
}  # fmt: skip
_STATUSES = {
    "archived": "ARCHIVED",
    "draft": "DRAFT",
    "never_sold_draft": "DRAFT",
    "unlisted": "UNLISTED",
    "unknown": "PENDING_REVIEW",
}


def product_count(orders: int) -> int:
    """Return how many products a shop of that many orders has."""
    return max(15, min(2_000, 2 * math.isqrt(orders)))


def role_of(number: int) -> str:
    """Return what is special about a product; most are `plain`."""
    if number == 77:
        return "unknown"
    return ROLES.get(number % 45, "plain")


def launch_day(seed: int, number: int, days: int) -> int:
    """Return the day a product is launched; negative when it is older than the history."""
    rng = stream(seed, _TOPIC + 1, number)
    return int(rng.uniform(3, days * 0.95)) if rng.random() < 0.35 else -int(rng.uniform(5, 500))


def make_products(*, seed: int, orders: int, calendar: Calendar) -> list[Product]:
    """Return the whole catalogue, deleted products included."""
    return [make_product(seed, number, calendar) for number in range(product_count(orders))]


def make_product(seed: int, number: int, calendar: Calendar) -> Product:
    """Return one product with its variants and metafields."""
    rng, role = stream(seed, _TOPIC, number), role_of(number)
    noun, kind = rng.choice(words.NOUNS)
    title = f"{rng.choice(words.ADJECTIVES)} {noun} {number + 1}"
    if rng.random() < 0.15:
        title += " " + rng.choice(words.SPARKLES)
    if role == "gift_card":
        title, kind = f"Gift Card {number + 1} 🎁", "Gift Cards"
    launched = calendar.midnights[0] + launch_day(seed, number, calendar.days) * _DAY
    created = launched - rng.randrange(1, 10 * _DAY)
    category = words.CATEGORIES.get(kind)
    handle = f"{kind}-{noun}-{number + 1}".lower().replace(" ", "-")
    product = Product(
        id=FIRST_PRODUCT + number * _STEP,
        title=title,
        handle=handle,
        status=_STATUSES.get(role, "ACTIVE"),
        vendor=rng.choice(words.VENDORS),
        product_type=kind,
        tags=_tags(rng, role, kind),
        description_html=f"<p>{title} &amp; friends, made to last.</p>",
        is_gift_card=role == "gift_card",
        category=(f"gid://shopify/TaxonomyCategory/{category[0]}", category[1])
        if category
        else None,
        image_url=f"https://cdn.shopify.com/s/files/1/0001/{handle}.png?v={number}"
        if rng.random() < 0.9
        else None,
        created_at=created,
        updated_at=max(created, calendar.anchor - rng.randrange(90 * _DAY)),
        published_at=None if "draft" in role else launched,
        options=(),
        is_deleted=role == "deleted",
    )
    _add_variants(product, rng, role)
    _add_metafields(product, rng)
    return product


def _tags(rng: Random, role: str, kind: str) -> list[str]:
    if role == "many_tags":
        return [f"label-{n:02d}" for n in range(58)] + ["Größe/L", "🌿 vegan"]
    tags = {kind.lower(), f"designer:{rng.choice(words.DESIGNERS)}"}
    tags |= set(rng.sample(("new", "bestseller", "Limited", "vegan", "FW26", "SS26", "sale"), 2))
    return sorted(tags) if rng.random() < 0.93 else []


def _add_variants(product: Product, rng: Random, role: str) -> None:
    colors = rng.sample(words.COLORS, rng.choice((1, 1, 2, 3)))
    sizes = list(words.SIZES[: rng.choice((1, 1, 3, 5))])
    if role == "deleted_variant":
        colors, sizes = list(words.COLORS[:3]), ["M"]
    pairs = [(color, size) for color in colors for size in sizes]
    product.options = (("Color", tuple(colors)), ("Size", tuple(sizes)))
    if len(pairs) == 1:
        product.options, pairs = (("Title", ("Default Title",)),), []
    base = rng.choice((900, 1400, 1999, 2450, 3500, 4900, 7995, 12_000, 18_900))
    named = [(f"{color} / {size}", (("Color", color), ("Size", size))) for color, size in pairs]
    for position, (title, options) in enumerate(
        named or [("Default Title", (("Title", "Default Title"),))], 1
    ):
        price = base + (position % 3) * (0 if role == "gift_card" else 200)
        product.variants.append(
            Variant(
                id=product.id + 20_000_000_000_000 + position,
                product=product,
                title=title,
                sku=None if rng.random() < 0.04 else f"NW-{product.handle.upper()}-{position}",
                barcode=str(rng.randrange(10**12, 10**13)) if rng.random() < 0.5 else None,
                position=position,
                price=price,
                compare_at_price=price * 5 // 4 if rng.random() < 0.2 else None,
                unit_cost=price * 2 // 5 if rng.random() < 0.7 else None,
                taxable=role != "gift_card",
                requires_shipping=role != "gift_card",
                inventory=rng.randrange(-5, 400),
                inventory_policy=rng.choice(("DENY", "CONTINUE")),
                grams=rng.randrange(50, 4000),
                created_at=product.created_at,
                updated_at=product.updated_at,
                options=options,
            )
        )
    if role == "deleted_variant":
        product.deleted_variants = frozenset({product.variants[-1].id})


def _add_metafields(product: Product, rng: Random) -> None:
    values = (
        ("custom", "material", "single_line_text_field", rng.choice(("linen", "oak", "wool"))),
        ("custom", "care", "multi_line_text_field", "Wash cold.\nDo not bleach. 🧺"),
        ("reviews", "rating", "number_decimal", f"{rng.uniform(3, 5):.1f}"),
    )
    for offset, (namespace, key, kind, value) in enumerate(values):
        if rng.random() < 0.6:
            product.metafields.append(
                Metafield(
                    id=product.id + 30_000_000_000_000 + offset,
                    namespace=namespace,
                    key=key,
                    type=kind,
                    value=value,
                    digest=metafield_digest(kind, value),
                    created_at=product.created_at,
                    updated_at=product.updated_at,
                )
            )


def metafield_digest(kind: str, value: str) -> str:
    """Return the compareDigest of a metafield: it changes when type or value does."""
    return hashlib.sha256(f"{kind}\x1f{value}".encode()).hexdigest()
