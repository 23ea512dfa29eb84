"""The emulated shop of a state directory, served over HTTP like Shopify's own API."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import httpx

from local.options import Options
from local.serving import listen, serving
from local.shopify.app import create_app
from local.shopify.csv_orders import orders_from_csv
from local.shopify.options import EmulatorOptions
from local.shopify.shops import generated_store
from local.shopify.store import Store
from shared.clock import SystemClock
from shared.errors import SettingsInvalid, Unavailable


@dataclass(frozen=True, slots=True)
class EmulatedShop:
    """A running shop: where it is, how one gets in, and what it really holds."""

    url: str
    domain: str
    timezone: str
    emulator: EmulatorOptions
    held: Store | None = None

    @property
    def store(self) -> Store:
        """Return what it holds.

        Raises:
            SettingsInvalid: It runs in another process; its controls tell that.
        """
        if self.held is None:
            raise SettingsInvalid(f"the shop at {self.url} is another process")
        return self.held

    @property
    def settings(self) -> dict[str, str]:
        """Return the settings with which a Worker finds this shop."""
        return {
            "SHOP_DOMAIN": self.domain,
            "SHOP_TIMEZONE": self.timezone,
            "SHOPIFY_URL": self.url,
            "SHOPIFY_ACCESS_TOKEN": self.emulator.access_token,
            "SHOPIFY_CLIENT_ID": self.emulator.client_id,
            "SHOPIFY_CLIENT_SECRET": self.emulator.client_secret,
            "SHOPIFY_WEBHOOK_SECRET": self.emulator.webhook_secret,
        }


@asynccontextmanager
async def serving_shop(options: Options) -> AsyncIterator[EmulatedShop]:
    """Serve the shop of these options for the block, unless it is served elsewhere.

    Raises:
        SettingsInvalid: The state has another store, or the file of orders has a bad row.
        Unavailable: The shop that is elsewhere does not answer.
    """
    emulator = emulator_options(options)
    if options.shop_url is not None:
        yield await _elsewhere(options.shop_url, emulator)
        return
    store = await asyncio.to_thread(store_of, options)
    async with serving(create_app(store, emulator), listen()) as url:
        yield EmulatedShop(url, store.shop.domain, store.shop.timezone, emulator, store)


async def run_shop(options: Options, scale: float, report: Callable[[str], None]) -> int:
    """Serve the shop alone, with the controls that tests use, until stopped.

    Args:
        options: Which store, and the port.
        scale: Of the four hours over which a failed delivery is retried.
        report: Told where it is.
    """
    options.state.directory.mkdir(parents=True, exist_ok=True)
    store = await asyncio.to_thread(store_of, options)
    emulator = replace(emulator_options(options), is_controllable=True, webhook_retry_scale=scale)
    async with serving(create_app(store, emulator), listen(options.port or 0)) as url:
        report(f"Shopify {url}/admin/api (emulated; its controls are at {url}/_emulator)")
        await asyncio.Event().wait()
    return 0


def emulator_options(options: Options) -> EmulatorOptions:
    """Return the credentials that a state directory has for its shop."""
    return EmulatorOptions(
        access_token=f"shpat_{options.state.secret('shopify token')}",
        client_secret=f"shpss_{options.state.secret('shopify client')}",
        webhook_secret=f"shpss_{options.state.secret('shopify webhooks')}",
        directory=options.state.directory / "bulk-results",
        is_controllable=False,
    )


async def _elsewhere(url: str, emulator: EmulatorOptions) -> EmulatedShop:
    try:
        async with httpx.AsyncClient(trust_env=False) as http:
            answer = await http.get(f"{url}/_emulator/state")
        shop = answer.json()["shop"]
    except (httpx.HTTPError, ValueError, KeyError) as error:
        raise Unavailable(f"there is no emulated shop at {url}") from error
    return EmulatedShop(url, shop["domain"], shop["timezone"], emulator)


def store_of(options: Options) -> Store:
    """Return the store that a state directory has, or chooses now."""
    choice = options.store(SystemClock().now())
    if choice.orders_csv:
        timezone = os.environ.get("SHOP_TIMEZONE") or "UTC"
        return orders_from_csv(
            options.state.orders_csv, timezone=timezone, imported_at=choice.anchor
        )
    return generated_store(seed=choice.seed, orders=choice.orders, anchor=choice.anchor)
