"""Makes a ready shop in one call."""

from __future__ import annotations

from datetime import datetime

from local.shopify.catalogue import Shop
from local.shopify.generate.source import GeneratedOrders
from local.shopify.store import Store
from shared.clock import Clock, SystemClock


def generated_store(
    *,
    seed: int = 7,
    orders: int = 500,
    anchor: datetime | None = None,
    shop: Shop | None = None,
    clock: Clock | None = None,
    days: int | None = None,
) -> Store:
    """Return a shop with generated orders, the same for the same seed, size and anchor.

    Args:
        seed: Which shop of all possible shops.
        orders: How many orders, 100 to 1,000,000.
        anchor: The instant up to which things have happened; the clock's now by default.
        shop: Domain, time zone and currency.
        clock: The shop's time for everything that happens from now on.
        days: How many days the orders are spread over; 120 by default, 730 for large shops.
    """
    running = clock or SystemClock()
    source = GeneratedOrders(
        seed=seed,
        orders=orders,
        anchor=anchor or running.now(),
        shop=shop or Shop(),
        days=days,
    )
    return Store(source, running)
