"""The staff API offers every endpoint of the inventory, and the same manners on all of them."""

from __future__ import annotations

import re
from typing import Any, Final

import pytest
from dashboard_api.app import create_app
from dashboard_api.bindings import DashboardBindings
from fastapi import Request

INVENTORY: Final = """
    POST /api/performance-metrics/sync
    GET /api/ingest/runs
    GET /api/health
    POST /api/products/tags/sync
    GET /api/products/tags/sync/status
    GET /api/performance-metrics
    POST /api/performance-metrics
    PUT /api/performance-metrics/{}
    DELETE /api/performance-metrics/{}
    GET /api/performance-metrics/stats/summary
    GET /api/performance-metrics/settings/classification
    PUT /api/performance-metrics/settings/classification
    POST /api/tag-analytics/performance
    GET /api/tag-analytics/distribution/{}
    GET /api/tag-analytics/group-performance/{}
    POST /api/tag-analytics/refresh
    GET /api/tag-groups
    POST /api/tag-groups
    DELETE /api/tag-groups/{}
    POST /api/tag-classifications/bulk
    GET /api/tag-classifications/unclassified
    GET /api/designers
    GET /api/designers/names
    POST /api/designers/assign
    DELETE /api/designers/unassign
    DELETE /api/designers/{}
    GET /api/combo-logs
    POST /api/combo-logs
    PUT /api/combo-logs/{}
    DELETE /api/combo-logs/{}
    POST /api/combo-logs/import
    GET /api/combo-logs/export
    GET /api/combo-templates
    POST /api/combo-templates
    DELETE /api/combo-templates/{}
    POST /api/combo-suggestions/generate
    GET /api/combo-suggestions
    POST /api/combo-suggestions/{}/accept
    POST /api/assets/ingest
    GET /api/assets/{}
    GET /api/assets/status/{}
    POST /api/csv/generate
    GET /api/csv/exports
    GET /api/csv/exports/{}
    GET /api/csv/exports/{}/download
    POST /api/orders/lookup
    GET /api/fulfillment-daily-summary
    GET /api/products
    GET /api/products/{}
    GET /api/ingest/runs/{}
    POST /api/ingest/runs/{}/retry
    POST /api/ingest/runs/{}/cancel
    GET /api/ingest/dead-letters
"""
WHOLE: Final = {"GET /api/publications/{}"}
"""A document with its at most 200 items: one ETag covers both, they are also listed in pages."""


def unbound(_: Request) -> DashboardBindings:
    raise AssertionError("nothing is asked of the outside")


DOCUMENT: Final = create_app(unbound).openapi()
OPERATIONS: Final[dict[str, dict[str, Any]]] = {
    f"{method.upper()} {re.sub(r'{[^}]+}', '{}', path)}": operation
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
}
WANTED: Final = [line.strip() for line in INVENTORY.strip().splitlines()]


def parameters(operation: dict[str, Any]) -> set[str]:
    return {item["name"] for item in operation.get("parameters", [])}


@pytest.mark.parametrize("wanted", WANTED)
def test_it_is_offered(wanted: str) -> None:
    assert wanted in OPERATIONS


def test_what_starts_work_says_where_it_is_and_takes_a_key() -> None:
    starting = {name: op for name, op in OPERATIONS.items() if "202" in op["responses"]}
    assert len(starting) >= len([name for name in WANTED if name.endswith(("sync", "generate"))])
    for name, operation in starting.items():
        assert name.startswith("POST "), name
        assert "Idempotency-Key" in parameters(operation), name
        assert {"409", "422"} <= operation["responses"].keys(), name


def test_every_list_is_paged() -> None:
    for name, operation in OPERATIONS.items():
        answer = operation["responses"].get("200", {}).get("content", {}).get("application/json")
        if not name.startswith("GET ") or answer is None or name in WHOLE:
            continue
        schema = DOCUMENT["components"]["schemas"].get(
            answer["schema"].get("$ref", "").rpartition("/")[2], {}
        )
        if "items" in schema.get("properties", {}):
            assert {"limit", "cursor"} <= parameters(operation), name


def test_a_change_of_a_version_names_it() -> None:
    for name, operation in OPERATIONS.items():
        if "428" in operation["responses"]:
            assert "if-match" in {item.lower() for item in parameters(operation)}, name
            assert "412" in operation["responses"], name


def test_what_names_a_thing_may_miss_it() -> None:
    for name, operation in OPERATIONS.items():
        if "{}" in name:
            assert "404" in operation["responses"], name
