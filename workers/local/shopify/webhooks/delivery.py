"""Webhook subscriptions, and the signed deliveries that follow what happens in the shop."""

from __future__ import annotations

from dataclasses import dataclass, field

from local.shopify.bulk.operations import BulkOperation
from local.shopify.catalogue import Product
from local.shopify.faults import Faults
from local.shopify.options import EmulatorOptions
from local.shopify.store import Store
from shared.ports import JsonObject


class Webhooks:
    def __init__(self, store: Store, options: EmulatorOptions, faults: Faults) -> None: ...
    def bulk_finished(self, operation: BulkOperation) -> None: ...
    def product_changed(self, product: Product) -> None: ...
    def create(self, arguments: JsonObject) -> JsonObject:
        return {}

    def update(self, arguments: JsonObject) -> JsonObject:
        return {}

    def delete(self, arguments: JsonObject) -> JsonObject:
        return {}

    def list(self, arguments: JsonObject) -> list[object]:
        return []

    async def close(self) -> None: ...
