"""Runs the whole platform once on a small store and checks its answers against the store."""

from __future__ import annotations

from collections import Counter
from typing import Final

from rich.console import Console

from local.demo import synced_and_measured
from local.options import Options
from local.platform import Platform, running
from local.screen import Screen
from local.shopify.store import Store
from local.staff import METRICS, Staff, staff_of
from shared.errors import DomainError
from shared.identity.access import HEADER
from shared.ids import derived_id

PASSED: Final = 0
FAILED: Final = 1


class SmokeFailed(DomainError):
    """The platform's answer is not what the store says."""


async def run_smoke(options: Options) -> int:
    """Sync, measure, check, sync again, check again; 0 if all is right."""
    console = Console()
    screen = Screen(console)
    async with (
        running(options, screen.starting, crons=False) as platform,
        staff_of(platform) as staff,
    ):
        for attempt in ("first", "second"):
            await synced_and_measured(platform, staff, screen)
            await _check(platform, staff)
            console.print(f"{attempt} sync: the API says what the store holds")
        await screen.show_products(staff)
    console.print("smoke: all is right")
    return PASSED


async def _check(platform: Platform, staff: Staff) -> None:
    store = platform.shop.store
    found = {
        item.product_id: item.total_units
        async for page in staff.products(sort="product_name")
        for item in page.items
    }
    _equal("products", len(found), len(store.products))
    _equal("units per product", found, units_by_product(store))
    summary = await staff.summary()
    _equal("products in the summary", summary.products, len(store.products))
    _equal("health", (await staff.document("/api/health"))["status"], "ok")
    await _check_public(platform)
    await _check_errors(staff)


async def _check_public(platform: Platform) -> None:
    """The public API shows what the store sells now, and nothing else."""
    on_sale = {
        derived_id("prd", product.gid)
        for product in platform.shop.store.products.values()
        if product.status == "ACTIVE" and product.published_at and not product.is_deleted
    }
    seen: set[str] = set()
    page = {"items": [], "next_cursor": ""}
    async with platform.ingest.http() as http:
        while page["next_cursor"] is not None:
            query = f"limit=200&cursor={page['next_cursor']}" if page["next_cursor"] else ""
            page = (await http.get(f"{platform.public_url}/v1/products?{query}")).json()
            seen |= {item["id"] for item in page["items"]}
    _equal("products on sale", seen, on_sale)


async def _check_errors(staff: Staff) -> None:
    outside = await staff.http.get(METRICS, headers={HEADER: ""})
    _equal("status without a token", outside.status_code, 401)
    unknown = await staff.http.get(METRICS, params={"colour": "red"})
    _equal("status with an unknown parameter", unknown.status_code, 400)
    _equal("field that is named", unknown.json()["errors"][0]["pointer"], "/colour")


def units_by_product(store: Store) -> dict[str, int]:
    """Return the net units that every product of the store ever sold, from its own orders."""
    units: Counter[int] = Counter(dict.fromkeys(store.products, 0))
    for index in store.by_created():
        order = store.order(index)
        if order is None or order.test or order.cancelled_at is not None:
            continue
        for line in order.lines:
            if line.product_id is not None and line.product_id in store.products:
                units[line.product_id] += line.unrefunded
    return {derived_id("prd", store.products[n].gid): count for n, count in units.items()}


def _equal(what: str, found: object, expected: object) -> None:
    if found != expected:
        raise SmokeFailed(f"{what}: {_difference(found, expected)}")


def _difference(found: object, expected: object) -> str:
    if isinstance(found, dict) and isinstance(expected, dict):
        keys = sorted(k for k in found.keys() | expected.keys() if found.get(k) != expected.get(k))
        first = ", ".join(f"{k} is {found.get(k)}, not {expected.get(k)}" for k in keys[:3])
        return f"{len(keys)} differ: {first}"
    return f"is {found}, not {expected}"
