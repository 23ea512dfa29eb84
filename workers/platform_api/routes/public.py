"""Routes that everybody may read: products on sale and published lists."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request, Response

from platform_api.dependencies import Bound
from platform_api.public_answers import public_answer
from platform_api.public_reads import (
    read_product,
    read_products,
    read_publication,
    read_publications,
)
from shared.http.pagination import Page, PageParameters
from shared.http.problems import responses
from shared.publishers.schemas import PublicProduct, PublicPublication, PublicPublicationItems

router = APIRouter(prefix="/v1", tags=["Public"])

Id = Annotated[str, Path(max_length=100, pattern=r"^[A-Za-z0-9_-]+$")]
Parameters = Annotated[PageParameters, Query()]
_OPEN: Final[dict[str, Any]] = {"security": []}
_CACHED: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "headers": {
            "ETag": {"schema": {"type": "string"}, "description": "Made of the answer."},
            "Cache-Control": {"schema": {"type": "string"}},
        }
    },
    304: {"description": "Unchanged"},
}


@router.get(
    "/products",
    summary="List products on sale",
    response_model=Page[PublicProduct],
    responses={**responses(400), **_CACHED},
    openapi_extra=_OPEN,
)
async def list_products(request: Request, bindings: Bound, page: Parameters) -> Response:
    """In the order of their ids, so that a walk misses nothing that stays on sale."""
    return await public_answer(request, bindings, lambda: read_products(bindings, page), page)


@router.get(
    "/products/{product_id}",
    summary="Read a product on sale",
    response_model=PublicProduct,
    responses={**responses(400, 404), **_CACHED},
    openapi_extra=_OPEN,
)
async def show_product(request: Request, bindings: Bound, product_id: Id) -> Response:
    """404 as well while the product is a draft, archived or not yet published."""
    return await public_answer(request, bindings, lambda: read_product(bindings, product_id))


@router.get(
    "/publications",
    summary="List publications",
    response_model=Page[PublicPublication],
    responses={**responses(400), **_CACHED},
    openapi_extra=_OPEN,
)
async def list_publications(request: Request, bindings: Bound, page: Parameters) -> Response:
    """What active publishers have published, in the order of their ids."""
    return await public_answer(request, bindings, lambda: read_publications(bindings, page), page)


@router.get(
    "/publications/{publication_id}",
    summary="Read a publication with its items",
    response_model=PublicPublicationItems,
    responses={**responses(400, 404), **_CACHED},
    openapi_extra=_OPEN,
)
async def show_publication(request: Request, bindings: Bound, publication_id: Id) -> Response:
    """Items whose product is not on sale are left out."""
    return await public_answer(
        request, bindings, lambda: read_publication(bindings, publication_id)
    )
