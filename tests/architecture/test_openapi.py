"""Each Worker's OpenAPI document: whole, honest by its form, and on file as it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from local.openapi_files import DIRECTORY, documents, files

DOCUMENTS = documents()
OPERATIONS = [
    pytest.param(name, operation, id=f"{name}-{method}-{path}")
    for name, document in DOCUMENTS.items()
    for path, operations in document["paths"].items()
    for method, operation in operations.items()
]
PROBLEM = "application/problem+json"


def test_the_files_are_current() -> None:
    found = {path.name: path.read_text(encoding="utf-8") for path in DIRECTORY.iterdir()}
    expected = files()
    assert found.keys() == expected.keys()
    stale = [name for name, text in expected.items() if found[name] != text]
    assert not stale, f"run `make openapi`: {stale} differ from the applications"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_an_operation_has_one_name(name: str) -> None:
    names = Counter(
        operation["operationId"]
        for operations in DOCUMENTS[name]["paths"].values()
        for operation in operations.values()
    )
    assert [found for found, times in names.items() if times > 1] == []


@pytest.mark.parametrize(("name", "operation"), OPERATIONS)
class TestOperation:
    """What every operation says of itself."""

    def test_is_described(self, name: str, operation: dict[str, Any]) -> None:
        assert operation["summary"], name
        assert operation["description"], name
        assert operation["tags"], name

    def test_declares_its_errors_as_problems(self, name: str, operation: dict[str, Any]) -> None:
        errors = {s: a for s, a in operation["responses"].items() if s >= "400"}
        assert {"500", "503"} <= errors.keys()
        for status, answer in errors.items():
            assert answer["description"], status
            health = "Health" in operation["tags"] and status == "503"
            assert PROBLEM in answer["content"] or health, (name, status)

    def test_a_body_can_be_refused(self, name: str, operation: dict[str, Any]) -> None:
        if "application/json" in operation.get("requestBody", {}).get("content", {}):
            needed = {"400"} if "Webhooks" in operation["tags"] else {"400", "415", "422"}
            assert needed <= operation["responses"].keys(), name

    def test_shows_examples_that_are_valid(self, name: str, operation: dict[str, Any]) -> None:
        for where, media in bodies(operation):
            if "schema" not in media:
                continue
            assert "example" in media, f"{where} has no example"
            schema = {**media["schema"], "components": DOCUMENTS[name]["components"]}
            errors = [
                f"{list(error.instance_path)}: {error.message}"
                for error in jsonschema_rs.iter_errors(schema, media["example"])
            ]
            assert errors == [], where


def bodies(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every body of an operation and where it stands."""
    for kind, media in operation.get("requestBody", {}).get("content", {}).items():
        yield f"the request as {kind}", media
    for status, answer in operation["responses"].items():
        for kind, media in answer.get("content", {}).items():
            yield f"{status} as {kind}", media


def test_the_measured_product_has_its_stable_name() -> None:
    document = DOCUMENTS["dashboard"]
    listed = document["paths"]["/api/performance-metrics"]["get"]["responses"]["200"]
    page = listed["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[-1]
    items = document["components"]["schemas"][page]["properties"]["items"]["items"]["$ref"]
    assert items.endswith("/ProductMeasurementDatum")
    fields = document["components"]["schemas"]["ProductMeasurementDatum"]["properties"].keys()
    assert fields >= {
        "product_id",
        "product_name",
        "aggregate_measurement_value",
        "sales_last_30_days",
        "nominal_classification",
    }


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_schema_has_the_name_of_a_module(name: str) -> None:
    """FastAPI resolves two models of one name by their modules: then neither name is stable."""
    assert [s for s in DOCUMENTS[name]["components"]["schemas"] if "__" in s] == []
