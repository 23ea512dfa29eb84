"""The emulated shop of a state directory, served over HTTP like Shopify's own API."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from local.options import Options
from local.serving import listen, serving
from local.shopify.app import create_app
from local.shopify.csv_orders import orders_from_csv
from local.shopify.options import EmulatorOptions
from local.shopify.shops import generated_store
from local.shopify.store import Store
from shared.clock import SystemClock


@dataclass(frozen=True, slots=True)
class EmulatedShop:
    """A running shop: where it is, how one gets in, and what it really holds."""

    url: str
    store: Store
    emulator: EmulatorOptions

    @property
    def settings(self) -> dict[str, str]:
        """Return the settings with which a Worker finds this shop."""
        shop = self.store.shop
        return {
            "SHOP_DOMAIN": shop.domain,
            "SHOP_TIMEZONE": shop.timezone,
            "SHOPIFY_URL": self.url,
            "SHOPIFY_ACCESS_TOKEN": self.emulator.access_token,
            "SHOPIFY_CLIENT_ID": self.emulator.client_id,
            "SHOPIFY_CLIENT_SECRET": self.emulator.client_secret,
            "SHOPIFY_WEBHOOK_SECRET": self.emulator.webhook_secret,
        }


@asynccontextmanager
async def serving_shop(options: Options) -> AsyncIterator[EmulatedShop]:
    """Serve the shop of these options for the block.

    Raises:
        SettingsInvalid: The state has another store, or the file of orders has a bad row.
    """
    store = await asyncio.to_thread(_store, options)
    emulator = EmulatorOptions(
        access_token=f"shpat_{options.state.secret('shopify token')}",
        client_secret=f"shpss_{options.state.secret('shopify client')}",
        webhook_secret=f"shpss_{options.state.secret('shopify webhooks')}",
        directory=options.state.directory / "bulk-results",
        is_controllable=False,
    )
    async with serving(create_app(store, emulator), listen()) as url:
        yield EmulatedShop(url, store, emulator)


def _store(options: Options) -> Store:
    choice = options.store(SystemClock().now())
    if choice.orders_csv:
        timezone = os.environ.get("SHOP_TIMEZONE") or "UTC"
        return orders_from_csv(
            options.state.orders_csv, timezone=timezone, imported_at=choice.anchor
        )
    return generated_store(seed=choice.seed, orders=choice.orders, anchor=choice.anchor)
