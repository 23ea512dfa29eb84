"""A page that shows an OpenAPI document: plain HTML, no script, nothing fetched from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape
from typing import Final

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse

from shared.ports import JsonObject

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
_STYLE: Final = """
body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;
color:#1b1f24}
summary{cursor:pointer;padding:.4rem .6rem;background:#f3f5f7;border-radius:.3rem}
details{margin:.4rem 0}details>div{padding:.2rem 1rem}table{border-collapse:collapse;width:100%}
td,th{text-align:left;vertical-align:top;border-bottom:1px solid #e2e6ea;
padding:.25rem .6rem .25rem 0}
pre{overflow:auto;background:#f3f5f7;padding:.6rem;font-size:.85em}code,b{font-family:ui-monospace,monospace}b{display:inline-block;min-width:4rem}
@media(prefers-color-scheme:dark){body{background:#14171a;color:#dfe3e6}summary{background:#22272c}
td,th{border-color:#333a41}pre{background:#22272c}a{color:#8ab4f8}}
"""
_METHODS: Final = ("get", "post", "put", "patch", "delete")


def install(app: FastAPI, path: str = "/docs") -> None:
    """Serve the page of the application's own OpenAPI document."""

    async def docs(request: Request) -> HTMLResponse:
        page = render(app.openapi(), f"{request.scope.get('root_path', '')}{app.openapi_url}")
        return HTMLResponse(page, headers={"Content-Security-Policy": _POLICY})

    app.add_route(path, docs, methods=["GET"], include_in_schema=False)


def render(document: JsonObject, openapi_url: str) -> str:
    """Return the page of a document."""
    about = document["info"]
    return "".join(
        [
            "<!doctype html><html lang=en><meta charset=utf-8>",
            "<meta name=viewport content='width=device-width'>",
            f"<title>{escape(about['title'])}</title><style>{_STYLE}</style>",
            f"<h1>{escape(about['title'])} {escape(about['version'])}</h1>",
            f"<p>{escape(about.get('description', ''))}</p>",
            f"<p><a href='{escape(openapi_url)}'>OpenAPI document</a></p>",
            *_operations(document),
            "<h2>Schemas</h2>",
            *(
                _schema(name, schema)
                for name, schema in sorted(document["components"]["schemas"].items())
            ),
        ]
    )


def _operations(document: JsonObject) -> Iterator[str]:
    tag = ""
    for path, operations in document["paths"].items():
        for method in filter(operations.__contains__, _METHODS):
            operation = operations[method]
            if (found := (operation.get("tags") or ["Other"])[0]) != tag:
                tag = found
                yield f"<h2>{escape(tag)}</h2>"
            yield _operation(method, path, operation)


def _operation(method: str, path: str, operation: JsonObject) -> str:
    body = operation.get("requestBody", {}).get("content", {})
    return "".join(
        [
            f"<details id='{escape(operation['operationId'])}'><summary><b>{method.upper()}</b>",
            f"<code>{escape(path)}</code> {escape(operation.get('summary', ''))}</summary><div>",
            f"<p>{escape(operation.get('description', ''))}</p>",
            _table("Parameter", [_parameter(p) for p in operation.get("parameters", [])]),
            _table(
                "Body", [(kind, _type(media.get("schema", {})), "") for kind, media in body.items()]
            ),
            *map(_example, body.values()),
            _table("Answer", [_answer(*item) for item in operation["responses"].items()]),
            *(
                _example(media)
                for status, answer in operation["responses"].items()
                if status < "300"
                for media in answer.get("content", {}).values()
            ),
            "</div></details>",
        ]
    )


def _parameter(parameter: JsonObject) -> tuple[str, str, str]:
    schema = parameter.get("schema", {})
    text = parameter.get("description") or schema.get("description", "")
    needed = " (required)" if parameter.get("required") else ""
    return f"{parameter['name']} in {parameter['in']}{needed}", _type(schema), escape(text)


def _answer(status: str, answer: JsonObject) -> tuple[str, str, str]:
    types = ", ".join(_type(m.get("schema", {})) for m in answer.get("content", {}).values())
    return status, types, escape(answer.get("description", ""))


def _example(media: JsonObject) -> str:
    if "example" not in media:
        return ""
    return f"<pre>{escape(json.dumps(media['example'], indent=2, ensure_ascii=False))}</pre>"


def _schema(name: str, schema: JsonObject) -> str:
    required = schema.get("required", [])
    rows = [
        (
            key + (" (required)" if key in required else ""),
            _type(part),
            escape(part.get("description", "")),
        )
        for key, part in schema.get("properties", {}).items()
    ]
    return (
        f"<details id='schema-{escape(name)}'><summary><code>{escape(name)}</code></summary><div>"
        f"<p>{escape(schema.get('description', ''))}</p>"
        f"{_table('Field', rows) if rows else _type(schema)}</div></details>"
    )


def _table(head: str, rows: list[tuple[str, str, str]]) -> str:
    if not rows:
        return ""
    lines = "".join(f"<tr><td><code>{escape(n)}</code><td>{t}<td>{d}" for n, t, d in rows)
    return f"<table><tr><th>{head}<th>Type<th>{lines}</table>"


def _type(schema: JsonObject) -> str:
    """Return the HTML of a type: a link for a reference, else words and bounds."""
    if reference := schema.get("$ref"):
        name = escape(str(reference).rsplit("/", 1)[-1])
        return f"<a href='#schema-{name}'>{name}</a>"
    if parts := schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf"):
        return " or ".join(_type(part) for part in parts)
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if values := schema.get("enum"):
        return ", ".join(f"<code>{escape(str(value))}</code>" for value in values)
    bounds = [f"{key} {schema[key]}" for key in ("minimum", "maximum", "default") if key in schema]
    return escape(" ".join([str(schema.get("format") or schema.get("type", "any")), *bounds]))
