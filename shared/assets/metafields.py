"""Compares what Shopify's metafields say with the links to assets, product by product."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from shared.assets.models import METAFIELD_KEY, METAFIELD_NAMESPACE, DesignAsset
from shared.assets.names import asset_url
from shared.assets.repository import AssetRows
from shared.integrations.dropbox import is_share_link
from shared.integrations.shopify.client import ShopifyClient
from shared.ports import Databases

_PAGE: Final = 50
_DOCUMENT: Final = (
    "query DesignAssets($ids: [ID!]!) { nodes(ids: $ids) { id ... on Product {"
    f' metafield(namespace: "{METAFIELD_NAMESPACE}", key: "{METAFIELD_KEY}")'
    " { value type } } } }"
)


class Verdict(StrEnum):
    """How a product's metafield and links go together."""

    OK = "ok"
    NONE = "none"
    """Neither a metafield nor a link."""
    DROPBOX = "dropbox"
    """The metafield still leads to Dropbox: to be taken over."""
    MISSING = "missing"
    """An asset is linked, and the metafield is absent."""
    DIFFERS = "differs"
    """The metafield leads to another address than that of a linked asset."""
    UNLINKED = "unlinked"
    """The metafield leads to our assets, and no asset is linked."""
    FOREIGN = "foreign"
    """The metafield leads somewhere else, and no asset is linked."""
    GONE = "gone"
    """Shopify has no such product."""


@dataclass(frozen=True, slots=True)
class MetafieldFinding:
    """What one product's metafield says, and what it should."""

    product_id: str
    product_gid: str
    verdict: Verdict
    value: str | None
    expected: str | None


@dataclass(frozen=True, slots=True)
class MetafieldAudit:
    """How many products there are of each verdict, and those that somebody must look at."""

    counts: Mapping[str, int]
    findings: Sequence[MetafieldFinding]


async def metafield_findings(
    databases: Databases, client: ShopifyClient, *, base_url: str | None
) -> AsyncGenerator[MetafieldFinding, None]:
    """Yield what is found of every product, in the order of their ids, a page at a time."""
    after = ""
    while True:
        async with databases.open() as db:
            rows = AssetRows(db)
            products = await rows.product_gids(after=after, limit=_PAGE)
            linked = await rows.of_products([identity for identity, _ in products])
        if not products:
            return
        urls: dict[str, list[str]] = {}
        for product_id, artifact in linked:
            url = asset_url(base_url, DesignAsset.of(artifact).key)
            urls.setdefault(product_id, []).append(url)
        nodes = await client.nodes([gid for _, gid in products], _DOCUMENT, page=_PAGE)
        for (product_id, gid), node in zip(products, nodes, strict=True):
            own = urls.get(product_id, [])
            value = ((node or {}).get("metafield") or {}).get("value")
            verdict = Verdict.GONE if node is None else _verdict(value, own, base_url)
            yield MetafieldFinding(product_id, gid, verdict, value, own[0] if own else None)
        after = products[-1][0]


async def audit_metafields(
    databases: Databases, client: ShopifyClient, *, base_url: str | None, samples: int = 100
) -> MetafieldAudit:
    """Count the verdicts and keep the first findings that are no `ok` and no `none`.

    Args:
        databases: Where products and links are.
        client: The shop.
        base_url: The public address of the assets.
        samples: How many findings are kept.
    """
    counts: Counter[str] = Counter()
    findings: list[MetafieldFinding] = []
    async for found in metafield_findings(databases, client, base_url=base_url):
        counts[found.verdict] += 1
        if found.verdict not in {Verdict.OK, Verdict.NONE} and len(findings) < samples:
            findings.append(found)
    return MetafieldAudit(dict(counts), findings)


def _verdict(value: str | None, urls: Sequence[str], base_url: str | None) -> Verdict:
    if value is None:
        return Verdict.MISSING if urls else Verdict.NONE
    if value in urls:
        return Verdict.OK
    if is_share_link(value):
        return Verdict.DROPBOX
    if urls:
        return Verdict.DIFFERS
    return Verdict.UNLINKED if value.startswith(asset_url(base_url, "")) else Verdict.FOREIGN
