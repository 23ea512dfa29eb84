"""Limits of the platforms, honoured in code and named once.

Sources: PlanetScale constraints (rows, result, transaction), Cloudflare's product limits (queue
message, Workflow step, pipeline request, Analytics Engine) and Shopify's API (metafields, nodes).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

MIB: Final = 1024 * 1024

ROWS_PER_STATEMENT: Final = 100_000
RESULT_BYTES: Final = 64 * MIB
TRANSACTION_TIMEOUT: Final = timedelta(seconds=20)
UPSERT_CHUNK_ROOTS: Final = 500
"""Orders or products per bulk transaction: well below 20 s on a small database."""
UPSERT_CHUNK_CHILDREN: Final = 2_000
ENRICH_CHUNK_ORDERS: Final = 200
"""Orders whose state and events are held at once: each takes some 100 KiB until it is sent."""

OBJECT_RANGE_BYTES: Final = 4 * MIB
OBJECT_PART_BYTES: Final = 8 * MIB

ASSET_BYTES: Final = 100 * MIB
ASSET_SVG_BYTES: Final = 4 * MIB
"""An SVG is read whole, to see that it is only a drawing."""

QUEUE_MESSAGE_BYTES: Final = 128_000
INLINE_BODY_BYTES: Final = 64 * 1024
"""A larger body goes to the object store and the message carries its key."""

STEP_RESULT_BYTES: Final = MIB
STREAM_REQUEST_BYTES: Final = 900_000
STREAM_REQUEST_EVENTS: Final = 500

REQUEST_BODY_BYTES: Final = 2 * MIB
WEBHOOK_BODY_BYTES: Final = 5 * MIB
"""Larger than any order that Shopify delivers; a Worker holds a body a few times over."""
PAGE_SIZE_DEFAULT: Final = 50
PAGE_SIZE_MAX: Final = 200

WATERMARK_FLOOR: Final = timedelta(days=128)
WATERMARK_OVERLAP: Final = timedelta(minutes=5)
RUN_SUMMARIES_KEPT: Final = 500

SHOPIFY_API_VERSION: Final = "2026-10"
