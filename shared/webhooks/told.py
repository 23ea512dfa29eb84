"""What deliveries tell of an order, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass

from shared.jobs import ShopifyWebhook
from shared.orders.models import OrderParts
from shared.ports import JsonObject
from shared.webhooks.judgement import Claim
from shared.webhooks.models import Result

Results = dict[str, Result]
"""What became of deliveries, by their names."""


@dataclass(frozen=True, slots=True)
class Told:
    """One delivery about an order: `parts` and `claim` are of the order, if the body holds one."""

    job: ShopifyWebhook
    body: JsonObject
    parts: OrderParts | None = None
    claim: Claim | None = None
