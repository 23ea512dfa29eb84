"""The emulated Shopify of the memory bench, in a process of its own.

`python -m bench.memory_shop ORDERS DIRECTORY` prints its URL and serves until it is ended.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

from local.serving import listen, serving
from local.shopify.app import create_app
from local.shopify.options import EmulatorOptions
from local.shopify.shops import generated_store


async def serve(orders: int, directory: Path) -> None:
    """Serve a generated shop that does not throttle."""
    store = generated_store(orders=orders, anchor=datetime.now(UTC), days=120)
    options = EmulatorOptions(
        directory=directory, throttle_maximum=1e9, throttle_restore_rate=1e9, is_controllable=False
    )
    async with serving(create_app(store, options), listen()) as url:
        print(url, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2])))
