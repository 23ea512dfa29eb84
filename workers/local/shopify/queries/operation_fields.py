"""The fields of bulk operations, webhook subscriptions and the payloads of mutations."""

from __future__ import annotations

from local.shopify.queries.fields import Field, Fields, Reference, constant, many, moment, one, read


def item(key: str) -> Field:
    """Read a scalar of a payload."""
    return Field(lambda payload: payload.get(key))


def _object(type_name: str, key: str) -> Field:
    return one(type_name, lambda payload: payload.get(key))


_ERRORS = many("UserError", lambda payload: payload["userErrors"])
_USER_ERROR: Fields = {
    "field": item("field"),
    "message": item("message"),
    "code": item("code"),
    "elementIndex": item("elementIndex"),
}

TYPES: dict[str, Fields] = {
    "BulkOperation": {
        "id": read("gid"),
        "status": read("status"),
        "type": constant("QUERY"),
        "errorCode": read("error_code"),
        "createdAt": moment("created_at"),
        "completedAt": moment("completed_at"),
        "objectCount": Field(lambda operation: str(operation.object_count)),
        "rootObjectCount": Field(lambda operation: str(operation.root_object_count)),
        "fileSize": Field(
            lambda operation: None if operation.file_size is None else str(operation.file_size)
        ),
        "url": read("url"),
        "partialDataUrl": read("partial_data_url"),
        "query": read("query"),
    },
    "WebhookSubscription": {
        "id": read("gid"),
        "legacyResourceId": Field(lambda found: str(found.id)),
        "topic": read("topic"),
        "uri": read("uri"),
        "callbackUrl": read("uri"),
        "format": constant("JSON"),
        "filter": read("filter"),
        "includeFields": read("include_fields"),
        "metafieldNamespaces": constant(()),
        "name": read("name"),
        "createdAt": moment("created_at"),
        "updatedAt": moment("updated_at"),
        "apiVersion": one("ApiVersion", lambda found: found.api_version),
        "endpoint": one("WebhookHttpEndpoint", lambda found: found),
    },
    "WebhookHttpEndpoint": {"callbackUrl": read("uri")},
    "ApiVersion": {
        "handle": Field(str),
        "displayName": Field(str),
        "supported": constant(value=True),
    },
    "UserError": _USER_ERROR,
    "BulkOperationRunQueryPayload": {
        "bulkOperation": _object("BulkOperation", "bulkOperation"),
        "userErrors": _ERRORS,
    },
    "BulkOperationCancelPayload": {
        "bulkOperation": _object("BulkOperation", "bulkOperation"),
        "userErrors": _ERRORS,
    },
    "MetafieldsSetPayload": {
        "metafields": many("Metafield", lambda payload: payload["metafields"]),
        "userErrors": _ERRORS,
    },
    "TagsPayload": {"node": _object("Node", "node"), "userErrors": _ERRORS},
    "WebhookSubscriptionPayload": {
        "webhookSubscription": _object("WebhookSubscription", "webhookSubscription"),
        "userErrors": _ERRORS,
    },
    "WebhookSubscriptionDeletePayload": {
        "deletedWebhookSubscriptionId": item("deletedWebhookSubscriptionId"),
        "userErrors": _ERRORS,
    },
    "AppInstallation": {
        "id": constant("gid://shopify/AppInstallation/1"),
        "accessScopes": many("AccessScope", lambda scopes: scopes),
        "app": one("App", lambda _: Reference("gid://shopify/App/1354745")),
    },
    "AccessScope": {"handle": Field(str), "description": Field(str)},
    "Shop": {
        "id": read("gid"),
        "name": read("name"),
        "myshopifyDomain": read("domain"),
        "ianaTimezone": read("timezone"),
        "currencyCode": read("currency"),
        "url": Field(lambda shop: f"https://{shop.domain}"),
    },
}
