"""The GraphQL documents of single reads and changes, sized to stay below 1,000 points each."""

from __future__ import annotations

from typing import Final

from shared.integrations.shopify import selections as s

_BULK_FIELDS: Final = (
    "id status errorCode createdAt completedAt objectCount rootObjectCount fileSize url"
    " partialDataUrl"
)
# groupObjects is said although false is the default: that default has changed before.
START_BULK: Final = (
    "mutation StartBulk($query: String!) { bulkOperationRunQuery(query: $query,"
    " groupObjects: false) { bulkOperation { id status } userErrors { code field message } } }"
)
BULK_OPERATION: Final = (
    f"query BulkOperation($id: ID!) {{ bulkOperation(id: $id) {{ {_BULK_FIELDS} }} }}"
)
CANCEL_BULK: Final = (
    "mutation CancelBulk($id: ID!) { bulkOperationCancel(id: $id)"
    " { bulkOperation { id status } userErrors { field message } } }"
)
ACCESS_SCOPES: Final = "{ currentAppInstallation { accessScopes { handle } } }"
SHOP: Final = "{ shop { name myshopifyDomain ianaTimezone currencyCode } }"
ORDERS_COUNT: Final = (
    "query OrdersCount($filter: String) { ordersCount(query: $filter, limit: null)"
    " { count precision } }"
)
CUSTOMER_DATA: Final = (
    "{ orders(first: 1) { nodes { id email billingAddress { address1 phone }"
    " shippingAddress { address1 phone } } } }"
)
METAFIELD: Final = (
    "query Metafield($id: ID!, $namespace: String!, $key: String!) { node(id: $id) { id"
    " ... on HasMetafields { metafield(namespace: $namespace, key: $key)"
    " { value type compareDigest } } } }"
)
SET_METAFIELDS: Final = (
    "mutation SetMetafields($metafields: [MetafieldsSetInput!]!)"
    " { metafieldsSet(metafields: $metafields) { metafields { id compareDigest }"
    " userErrors { code field elementIndex message } } }"
)
ADD_TAGS: Final = (
    "mutation AddTags($id: ID!, $tags: [String!]!) { tagsAdd(id: $id, tags: $tags)"
    " { node { id } userErrors { field message } } }"
)
REMOVE_TAGS: Final = (
    "mutation RemoveTags($id: ID!, $tags: [String!]!) { tagsRemove(id: $id, tags: $tags)"
    " { node { id } userErrors { field message } } }"
)

_PAGE: Final = "pageInfo { hasNextPage endCursor }"


def order(scopes: s.Scopes, *, customer_data: bool = True) -> str:
    """Return the read of an order's root by `$id`."""
    return _order(s.order_fields(scopes, customer_data=customer_data), customer_data=customer_data)


def whole_order(scopes: s.Scopes, *, customer_data: bool = True) -> str:
    """Return the read of an order by `$id` with the first page of all that belongs to it.

    Most orders are whole with this; the pages are small so that the sum of them stays cheap.
    """
    fields = s.order_fields(
        scopes,
        customer_data=customer_data,
        refunded=_first("refundLineItems", 10, _REFUND_LINE),
        shipped=_first("fulfillmentLineItems", 10, _FULFILLMENT_LINE),
    )
    lines = _first("lineItems", 20, s.line_fields(scopes))
    returns = _first("returns", 3, f"{s.RETURN} {_first('returnLineItems', 10, s.RETURN_LINE)}")
    with_returns = returns if s.granted(scopes, "returns") else ""
    return _order(fields, lines, with_returns, customer_data=customer_data)


def _order(*fields: str, customer_data: bool) -> str:
    return _compact(
        f"query Order($id: ID!) {{ node(id: $id) {{ ... on Order {{ {' '.join(fields)} }} }} }}"
        f" {s.order_fragments(customer_data=customer_data)}"
    )


def _first(connection: str, size: int, fields: str) -> str:
    return f"{connection}(first: {size}) {{ nodes {{ {fields} }} {_PAGE} }}"


def order_lines(scopes: s.Scopes) -> str:
    """Return the read of a page of an order's lines."""
    return _children("Order", "lineItems", 25, s.line_fields(scopes), fragments=s.MONEY)


RETURNS: Final = (
    "query Returns($id: ID!, $after: String) { node(id: $id) { ... on Order {"
    f" children: returns(first: 20, after: $after) {{ nodes {{ {s.RETURN} }} {_PAGE} }} }} }} }}"
)
RETURN_LINES: Final = (
    "query ReturnLines($id: ID!, $after: String) { node(id: $id) { ... on Return {"
    f" children: returnLineItems(first: 50, after: $after) {{ nodes {{ {s.RETURN_LINE} }} {_PAGE}"
    " } } } }"
)
AGREEMENTS: Final = (
    "query Agreements($id: ID!, $after: String) { node(id: $id) { ... on Order {"
    f" children: agreements(first: 5, after: $after) {{ edges {{ cursor node {{ {s.AGREEMENT}"
    f" sales(first: 20) {{ nodes {{ {s.SALE} }} {_PAGE} }} }} }} {_PAGE} }} }} }} }} {s.MONEY}"
)
AGREEMENT_SALES: Final = (
    "query Agreement($id: ID!, $before: String, $after: String) { node(id: $id) { ... on Order {"
    f" children: agreements(first: 1, after: $before) {{ nodes {{"
    f" sales(first: 50, after: $after) {{ nodes {{ {s.SALE} }} {_PAGE} }} }} }} }} }} }} {s.MONEY}"
)
"""The read of a page of the sales of the agreement that follows the cursor `$before`."""
_REFUND_LINE: Final = "quantity lineItem { id } subtotalSet { ...M } totalTaxSet { ...M }"
_FULFILLMENT_LINE: Final = "quantity lineItem { id }"
BATCH: Final = 10
"""How many refunds or fulfillments the two batch reads take at a time."""
REFUND_LINES: Final = (
    "query RefundLines($ids: [ID!]!) { nodes(ids: $ids) { ... on Refund { id"
    f" children: refundLineItems(first: 10) {{ nodes {{ {_REFUND_LINE} }} {_PAGE} }} }} }} }}"
    f" {s.MONEY}"
)
FULFILLMENT_LINES: Final = (
    "query FulfillmentLines($ids: [ID!]!) { nodes(ids: $ids) { ... on Fulfillment { id"
    f" children: fulfillmentLineItems(first: 30) {{ nodes {{ {_FULFILLMENT_LINE} }} {_PAGE} }}"
    " } } }"
)


def products_page(scopes: s.Scopes) -> str:
    """Return the read of a page of products with the first of their variants."""
    return _compact(
        "query Products($search: String, $after: String, $first: Int!)"
        " { products(query: $search, first: $first, after: $after, sortKey: UPDATED_AT) { nodes {"
        f" {s.PRODUCT} variants(first: 10) {{ nodes {{ {s.variant_fields(scopes)} }} {_PAGE} }}"
        f" }} {_PAGE} }} }}"
    )


def product(scopes: s.Scopes) -> str:
    """Return the read of a product by `$id` with the first of its variants."""
    variants = _first("variants", 50, s.variant_fields(scopes))
    return _compact(
        f"query Product($id: ID!) {{ node(id: $id) {{ ... on Product {{ {s.PRODUCT} {variants} }}"
        " } }"
    )


def product_variants(scopes: s.Scopes) -> str:
    """Return the read of a page of a product's variants."""
    return _children("Product", "variants", 50, s.variant_fields(scopes))


def _children(kind: str, connection: str, size: int, fields: str, *, fragments: str = "") -> str:
    return _compact(
        f"query Children($id: ID!, $after: String) {{ node(id: $id) {{ ... on {kind} {{"
        f" children: {connection}(first: {size}, after: $after) {{ nodes {{ {fields} }} {_PAGE} }}"
        f" }} }} }} {fragments}"
    )


def refund_lines_page() -> str:
    """Return the read of a page of one refund's lines."""
    return _children("Refund", "refundLineItems", 50, _REFUND_LINE, fragments=s.MONEY)


def fulfillment_lines_page() -> str:
    """Return the read of a page of one fulfillment's lines."""
    return _children("Fulfillment", "fulfillmentLineItems", 100, _FULFILLMENT_LINE)


def _compact(document: str) -> str:
    return " ".join(document.split())


KNOWN: Final = "query Known($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"
"""Which of these things exist; a deleted one is null."""
