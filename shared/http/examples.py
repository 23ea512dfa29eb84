"""Examples for an OpenAPI document: each body that has none gets one, made of its fields.

What a model or a field says of itself (`example`, `examples`, `default`, `enum`) comes first, then
what the field's name is known to hold, then what its type allows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from shared.http.example_values import BY_ENDING, BY_NAME
from shared.ports import JsonObject

_BY_FORMAT: Final = {"date-time": "2026-11-20T06:00:00Z", "date": "2026-11-20"}
_BY_TYPE: Final[dict[str, Any]] = {
    "string": "text",
    "integer": 12,
    "number": 12.5,
    "boolean": True,
    "object": {},
    "null": None,
}
_ACCEPTS: Final[dict[str, tuple[type, ...]]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "object": (dict,),
}


def add_examples(document: JsonObject) -> None:
    """Give every request and every successful answer of the document an example."""
    schemas = document["components"]["schemas"]
    for content in _contents(document):
        for media in content.values():
            if "example" not in media and "examples" not in media and "schema" in media:
                media["example"] = example_of(media["schema"], schemas)


def example_of(schema: JsonObject, schemas: JsonObject, name: str = "") -> Any:
    """Return an example of a schema.

    Args:
        schema: The schema, which may refer to others.
        schemas: The others by name.
        name: What the field is called that holds it.
    """
    if found := _given(schema):
        return found[0]
    if reference := schema.get("$ref"):
        return example_of(schemas[str(reference).rsplit("/", 1)[-1]], schemas, name)
    if parts := schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf"):
        return None if name in BY_NAME and None in BY_NAME[name] else _first(parts, schemas, name)
    if schema.get("type") == "array":
        return _list(schema, schemas, name)
    if "properties" in schema:
        return {
            key: example_of(part, schemas, key)
            for key, part in schema["properties"].items()
            if key in schema.get("required", ()) or _tells(part)
        }
    return _scalar(schema, name)


def _list(schema: JsonObject, schemas: JsonObject, name: str) -> list[Any]:
    if "items" not in schema:
        return []
    first = example_of(schema["items"], schemas, name)
    others = [known for known in _known(name) if type(known) is type(first) and known != first]
    return [first, *others[: schema.get("minItems", 1) - 1]]


def _given(schema: JsonObject) -> list[Any]:
    """Return what the schema says of itself, in a list, or nothing."""
    for key in ("example", "const", "default"):
        if key in schema and schema[key] is not None:
            return [schema[key]]
    return list(schema.get("examples") or schema.get("enum") or [])[:1]


def _tells(schema: JsonObject) -> bool:
    """Return whether an optional field makes an example clearer; an empty one does not."""
    return schema.get("default", 0) not in (None, [], {})


def _first(parts: list[JsonObject], schemas: JsonObject, name: str) -> Any:
    real = [part for part in parts if part.get("type") != "null"]
    return example_of(real[0], schemas, name) if real else None


def _scalar(schema: JsonObject, name: str) -> Any:
    kind = str(schema.get("type", "object"))
    if schema.get("format") in _BY_FORMAT:
        return _BY_FORMAT[schema["format"]]
    for value in _known(name):
        if isinstance(value, _ACCEPTS.get(kind, ())) and not isinstance(value, bool):
            return value
    return _within(schema, _BY_TYPE[kind])


def _known(name: str) -> Iterator[Any]:
    yield from BY_NAME.get(name, ())
    for ending, value in BY_ENDING:
        if name.endswith(ending):
            yield value


def _within(schema: JsonObject, value: Any) -> Any:
    if schema.get("type") in {"integer", "number"}:
        return max(schema.get("minimum", value), min(schema.get("maximum", value), value))
    return value


def _contents(document: JsonObject) -> Iterator[JsonObject]:
    for operations in document["paths"].values():
        for operation in operations.values():
            if "requestBody" in operation:
                yield operation["requestBody"]["content"]
            for answer in operation["responses"].values():
                yield answer.get("content", {})
