"""The documents behind the public routes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from pydantic import BaseModel

from platform_api.bindings import PlatformBindings
from shared.errors import NotFound
from shared.http.pagination import Page, PageParameters, bad_cursor, decode_cursor, encode_cursor
from shared.publishers.public_repository import PublicCatalogue
from shared.publishers.schemas import PublicProduct, PublicPublication, PublicPublicationItems

ItemT = TypeVar("ItemT", PublicProduct, PublicPublication)


async def read_products(bindings: PlatformBindings, page: PageParameters) -> BaseModel:
    """Return a page of products."""
    async with bindings.databases.open() as db:
        catalogue = PublicCatalogue(db, now=bindings.clock.now())
        found = await catalogue.products(after=_after(page.cursor), limit=page.limit + 1)
    return _page(found, page.limit)


async def read_product(bindings: PlatformBindings, product_id: str) -> PublicProduct:
    """Return a product. Raises NotFound."""
    async with bindings.databases.open() as db:
        found = await PublicCatalogue(db, now=bindings.clock.now()).product(product_id)
    if found is None:
        raise NotFound(f"no product {product_id} is on sale")
    return found


async def read_publications(bindings: PlatformBindings, page: PageParameters) -> BaseModel:
    """Return a page of publications."""
    async with bindings.databases.open() as db:
        catalogue = PublicCatalogue(db, now=bindings.clock.now())
        found = await catalogue.publications(after=_after(page.cursor), limit=page.limit + 1)
    return _page(found, page.limit)


async def read_publication(
    bindings: PlatformBindings, publication_id: str
) -> PublicPublicationItems:
    """Return a publication with its items. Raises NotFound."""
    async with bindings.databases.open() as db:
        found = await PublicCatalogue(db, now=bindings.clock.now()).publication(publication_id)
    if found is None:
        raise NotFound(f"no publication {publication_id} is published")
    return found


def _after(cursor: str | None) -> str:
    if cursor is None:
        return ""
    position = decode_cursor(cursor)
    match position:
        case {"after": str(after)} if len(position) == 1 and "\0" not in after:
            return after
        case _:
            raise bad_cursor()


def _page(found: Sequence[ItemT], limit: int) -> Page[ItemT]:
    items = list(found[:limit])
    cursor = encode_cursor({"after": items[-1].id}) if len(found) > limit else None
    return Page[ItemT](items=items, next_cursor=cursor)
