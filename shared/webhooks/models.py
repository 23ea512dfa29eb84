"""What the handling of webhooks needs, and what it says of each delivery."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from shared.clock import Clock
from shared.config import Settings
from shared.integrations.shopify.client import ShopifyClient
from shared.jobs import ShopifyWebhook
from shared.orders.enrichment import Settle
from shared.ports import Databases, EventStream, ObjectStore, Watermarks, Workflows

Outcome = Literal["written", "same", "known", "outdated", "gone", "noted", "started", "duplicate"]
"""What became of a delivery: `same` and `known` changed nothing, for all was there already."""
Result = Outcome | Exception
"""What became of a delivery, or why it failed."""


@dataclass(frozen=True, slots=True)
class WebhookPorts:
    """The ports that deliveries are dealt with; `shopify` opens a client for one read."""

    databases: Databases
    objects: ObjectStore
    commerce: EventStream
    settle: Settle
    sync: EventStream
    watermarks: Watermarks
    workflows: Workflows
    shopify: Callable[[], AbstractAsyncContextManager[ShopifyClient]]
    settings: Settings
    clock: Clock


@dataclass(frozen=True, slots=True)
class Noted:
    """A delivery that was dealt with; `digest` is of the state that it brought."""

    job: ShopifyWebhook
    outcome: Outcome
    subject: str | None = None
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How an order or product stands in the database, its row locked."""

    updated_at: datetime
    digest: str | None
    """Of the state that its last writer wrote, if that was a delivery."""
    is_incomplete: bool = False
    """Whether a bulk run has written the root and perhaps not yet all that belongs to it."""
    lines: frozenset[str] = frozenset()
