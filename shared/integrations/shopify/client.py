"""The one Shopify client: every call the platform makes to the Admin API.

It works over any `httpx.AsyncClient`, also one whose transport is the edge's `fetch`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Final

import httpx

from shared.clock import Clock
from shared.config import Settings
from shared.errors import FieldProblem
from shared.integrations.shopify import documents
from shared.integrations.shopify.download import download
from shared.integrations.shopify.endpoint import GraphQLEndpoint, Sleep
from shared.integrations.shopify.errors import (
    AccessDenied,
    BulkOperationInProgress,
    BulkOperationUnknown,
    ChangeRefused,
    QueryRefused,
    ReplyMalformed,
    ShopRedirected,
)
from shared.integrations.shopify.metafields import set_metafield
from shared.integrations.shopify.models import BulkOperation, Shop
from shared.integrations.shopify.reads import read_products
from shared.ports import JsonObject
from shared.products.models import ProductParts

_IN_PROGRESS: Final = frozenset({"OPERATION_IN_PROGRESS", "LIMIT_REACHED"})
_ARRAY_MAX: Final = 250
"""Shopify takes at most this many items in an input array."""


class ShopifyClient:
    """The Admin GraphQL API of one shop.

    Every method raises the typed errors of `errors`. Those that can pass (throttling, outages)
    were tried again before they are raised.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        settings: Settings,
        clock: Clock,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._http, self._sleep = http, sleep
        self._domain = settings.SHOP_DOMAIN
        self._endpoint = GraphQLEndpoint(http, settings=settings, clock=clock, sleep=sleep)

    async def query(self, document: str, variables: JsonObject | None = None) -> JsonObject:
        """Send a document and return the reply's data."""
        return await self._endpoint.send(document, variables)

    async def start_bulk(self, query: str) -> str:
        """Start a bulk query and return the operation's gid.

        Raises:
            BulkOperationInProgress: Five are running; try again later.
            QueryRefused: The query breaks a rule of bulk operations.
        """
        data = await self.query(documents.START_BULK, {"query": query})
        payload = _payload(data, "bulkOperationRunQuery")
        for error in payload.get("userErrors") or ():
            message = str(error.get("message"))
            if error.get("code") in _IN_PROGRESS:
                raise BulkOperationInProgress(message)
            raise QueryRefused(message)
        operation = payload.get("bulkOperation")
        if not operation:
            raise ReplyMalformed("the reply to a bulk query names no operation")
        return str(operation["id"])

    async def bulk_operation(self, operation_id: str) -> BulkOperation:
        """Return the operation as it is now; asked for by its id, never as the current one.

        Raises:
            BulkOperationUnknown: Shopify knows no operation with this id.
        """
        data = await self.query(documents.BULK_OPERATION, {"id": operation_id})
        if (node := data.get("bulkOperation")) is None:
            raise BulkOperationUnknown(operation_id)
        return BulkOperation.of(node)

    async def cancel_bulk(self, operation_id: str) -> None:
        """Cancel the operation; cancelling one that has ended changes nothing.

        Raises:
            BulkOperationUnknown: Shopify knows no operation with this id.
        """
        data = await self.query(documents.CANCEL_BULK, {"id": operation_id})
        payload = _payload(data, "bulkOperationCancel")
        if payload.get("bulkOperation") is None:
            raise BulkOperationUnknown(operation_id)

    async def download(self, url: str) -> AsyncGenerator[bytes, None]:
        """Yield the bytes of a result, each once and in order.

        Raises:
            BulkResultExpired: The URL is past its time; start the operation again.
            DownloadBroken: The connection broke too often.
        """
        async with aclosing(download(self._http, url, sleep=self._sleep)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def nodes(
        self, ids: Sequence[str], document: str, *, page: int = _ARRAY_MAX
    ) -> list[JsonObject | None]:
        """Return the nodes of these gids in their order, None for those that do not exist.

        Args:
            ids: Any number of gids.
            document: A query of `nodes(ids: $ids)`.
            page: How many to ask for at a time, so that one query stays below 1,000 points.
        """
        found: list[JsonObject | None] = []
        for start in range(0, len(ids), page):
            data = await self.query(document, {"ids": list(ids[start : start + page])})
            found += data["nodes"]
        return found

    async def access_scopes(self) -> frozenset[str]:
        """Return the scopes that the access token has."""
        data = await self.query(documents.ACCESS_SCOPES)
        installation = _payload(data, "currentAppInstallation")
        return frozenset(scope["handle"] for scope in installation["accessScopes"])

    async def reads_customer_data(self) -> bool:
        """Return whether Shopify lets this app read names, addresses and e-mail addresses."""
        try:
            await self.query(documents.CUSTOMER_DATA)
        except AccessDenied:
            return False
        return True

    async def orders_count(self, search: str | None = None) -> int:
        """Return how many orders match the search filter, or there are."""
        data = await self.query(documents.ORDERS_COUNT, {"filter": search})
        return int(_payload(data, "ordersCount")["count"])

    async def shop(self) -> Shop:
        """Return what the shop says of itself.

        Raises:
            ShopRedirected: The configured domain is an alias of the shop's own.
        """
        node = _payload(await self.query(documents.SHOP), "shop")
        shop = Shop(
            domain=node["myshopifyDomain"],
            name=node["name"],
            timezone=node["ianaTimezone"],
            currency=node["currencyCode"],
        )
        if self._domain.endswith(".myshopify.com") and shop.domain != self._domain.lower():
            raise ShopRedirected(self._domain, shop.domain)
        return shop

    async def get_products(
        self,
        search: str | None = None,
        *,
        scopes: frozenset[str] | None = None,
        page_size: int = 10,
    ) -> AsyncGenerator[ProductParts, None]:
        """Yield the products that match the search filter, each with all of its variants."""
        async with aclosing(read_products(self, search, scopes, page_size)) as products:
            async for product in products:
                yield product

    async def update_metafield(
        self, owner_id: str, namespace: str, key: str, value: str, *, kind: str
    ) -> bool:
        """Set one metafield; return False if it had this value already.

        Another writer's change is never overwritten unread: see `metafields`.
        """
        return await set_metafield(
            self.query, owner_id, namespace=namespace, key=key, value=value, kind=kind
        )

    async def add_tags(self, owner_id: str, tags: Sequence[str]) -> None:
        """Add tags to what is there."""
        await self._change_tags("tagsAdd", documents.ADD_TAGS, owner_id, tags)

    async def remove_tags(self, owner_id: str, tags: Sequence[str]) -> None:
        """Remove tags from what is there."""
        await self._change_tags("tagsRemove", documents.REMOVE_TAGS, owner_id, tags)

    async def _change_tags(
        self, name: str, document: str, owner_id: str, tags: Sequence[str]
    ) -> None:
        for start in range(0, len(tags), _ARRAY_MAX):
            some = list(tags[start : start + _ARRAY_MAX])
            payload = _payload(await self.query(document, {"id": owner_id, "tags": some}), name)
            if errors := payload.get("userErrors"):
                raise ChangeRefused(
                    f"{name} of {owner_id}",
                    problems=[
                        FieldProblem("/" + "/".join(item.get("field") or ()), item["message"])
                        for item in errors
                    ],
                )


def _payload(data: JsonObject, name: str) -> JsonObject:
    payload = data.get(name)
    if not isinstance(payload, dict):
        raise ReplyMalformed(f"the reply holds no {name}")
    return payload
