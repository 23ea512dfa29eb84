"""The OpenAPI document of an application, as its answers really are."""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from shared.http.examples import add_examples
from shared.http.problems import Problem
from shared.ports import JsonObject

_TEXT: Final = {"schema": {"type": "string"}}
LOCATED: Final[dict[str, Any]] = {"headers": {"Location": _TEXT | {"description": "Where it is."}}}
VERSIONED: Final[dict[str, Any]] = {"headers": {"ETag": _TEXT | {"description": "Its version."}}}
CREATED: Final[dict[str, Any]] = {"headers": VERSIONED["headers"] | LOCATED["headers"]}
ACCEPTED: Final[dict[str, Any]] = {
    "headers": {"Location": _TEXT | {"description": "Where its progress is."}}
}
_REFERENCE: Final = "#/components/schemas/{model}"
_FASTAPI_ONLY: Final = ("HTTPValidationError", "ValidationError")


def operation_id(route: APIRoute) -> str:
    """Return the name of an operation: that of its function after its tag, `orders_lookup`."""
    tag = str(route.tags[0]) if route.tags else "other"
    return f"{tag.lower().replace(' ', '_')}_{route.name}"


def describe(
    app: FastAPI, security: dict[str, JsonObject], *, is_conditional: bool = False
) -> None:
    """Make the application describe itself: problems as errors, and how one gets in.

    Args:
        app: Its routes name their own error answers with `problems.responses`.
        security: OpenAPI security schemes by name; every operation needs one of them.
        is_conditional: Whether its reads have an ETag and answer 304 to who has it.
    """

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app, security)
            if is_conditional:
                _describe_conditions(app.openapi_schema)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _document(app: FastAPI, security: dict[str, JsonObject]) -> JsonObject:
    document = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes
    )
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    problem = Problem.model_json_schema(ref_template=_REFERENCE)
    schemas |= problem.pop("$defs", {})
    schemas["Problem"] = problem
    for name in _FASTAPI_ONLY:
        schemas.pop(name, None)
    for path in document["paths"].values():
        for operation in path.values():
            _drop_fastapi_errors(operation["responses"])
    components["securitySchemes"] = security
    document["security"] = [{name: []} for name in security]
    add_examples(document)
    return document


def _describe_conditions(document: JsonObject) -> None:
    for path in document["paths"].values():
        answers = path.get("get", {}).get("responses", {})
        if "application/json" in answers.get("200", {}).get("content", {}):
            headers = answers["200"].setdefault("headers", {})
            headers.setdefault("ETag", _TEXT | {"description": "Of what the answer says."})
            answers.setdefault("304", {"description": "The reader has this: `If-None-Match`."})


def _drop_fastapi_errors(responses: JsonObject) -> None:
    """Remove the 422 that FastAPI adds for its own error format, which we never send."""
    schema = responses.get("422", {}).get("content", {}).get("application/json", {}).get("schema")
    if schema == {"$ref": "#/components/schemas/HTTPValidationError"}:
        del responses["422"]
