"""Shopify's published Admin schema, where the npm package that carries it is installed."""

from __future__ import annotations

import gzip
import json
import logging
import re
from functools import lru_cache
from pathlib import Path

from graphql import DocumentNode, GraphQLError, GraphQLSchema, build_client_schema, validate

from shared.limits import SHOPIFY_API_VERSION
from shared.ports import JsonObject

_LOG = logging.getLogger(__name__)
_FILE = f"node_modules/@shopify/dev-mcp/dist/data/admin_{SHOPIFY_API_VERSION}.json.gz"
_UNKNOWN_FIELD = re.compile(r"Cannot query field '(\w+)' on type '(\w+)'")


@lru_cache(maxsize=1)
def published_schema() -> GraphQLSchema | None:
    """Return the schema, or None where the npm packages are not installed (said once)."""
    for directory in (Path.cwd(), *Path(__file__).resolve().parents):
        if (path := directory / _FILE).is_file():
            with gzip.open(path, "rt", encoding="utf-8") as handle:
                introspection = json.load(handle)
            return build_client_schema(introspection.get("data", introspection), assume_valid=True)
    _LOG.warning("shopify schema not installed, queries are parsed only", extra={"file": _FILE})
    return None


def schema_errors(document: DocumentNode, schema: GraphQLSchema | None) -> list[JsonObject]:
    """Return what the schema has against a document, worded as Shopify does."""
    return [] if schema is None else [graphql_error(e) for e in validate(schema, document)]


def graphql_error(error: GraphQLError) -> JsonObject:
    """Return an error as Shopify writes it."""
    found: JsonObject = {
        "message": error.message.rstrip("."),
        "locations": [{"line": at.line, "column": at.column} for at in error.locations or ()],
    }
    if (match := _UNKNOWN_FIELD.match(error.message)) is not None:
        name, owner = match[1], match[2]
        found["message"] = f"Field '{name}' doesn't exist on type '{owner}'"
        found["extensions"] = {"code": "undefinedField", "typeName": owner, "fieldName": name}
    return found
