"""The whole sync against the emulated shop."""

from __future__ import annotations

from datetime import timedelta

from tests.fixtures.bulk_sync import BulkSync, BulkSyncFactory
from tests.fixtures.shopify import ANCHOR, EmulatedShopify, ShopifyFactory


async def test_a_run_goes_through_its_seven_steps(
    bulk_sync: BulkSyncFactory, shopify: EmulatedShopify
) -> None:
    sync = bulk_sync(shopify)
    status = await sync.run()
    print(status, sync.steps, await sync.summary())
    assert status.state == "complete", status.error
