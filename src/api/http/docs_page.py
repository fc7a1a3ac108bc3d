"""The API reference page, made from the OpenAPI document, with nothing fetched from outside.

Swagger UI would need scripts from a CDN, or a megabyte of them in this repository, and a content
security policy that lets them run. This page is text.
"""

import base64
import hashlib
import json
from collections.abc import Iterator
from html import escape
from typing import Any

_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 2rem auto; max-width: 62rem; padding: 0 1rem; }
summary { cursor: pointer; padding: .3rem 0; }
details details { margin-left: 1rem; }
code, pre { font-family: ui-monospace, monospace; font-size: .875rem; }
pre { overflow-x: auto; padding: .75rem; border: 1px solid #8886; border-radius: 6px; }
table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; }
b.method { display: inline-block; min-width: 4.5rem; }
"""

_DIGEST = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_DIGEST}'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


def page(described: dict[str, Any]) -> str:
    """The whole page, from an OpenAPI document."""
    info = described["info"]
    return "".join(
        (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(info['title'])}</title><style>{_STYLE}</style></head><body>",
            f"<h1>{escape(info['title'])} <small>{escape(info['version'])}</small></h1>",
            f"<p>{escape(info.get('description', ''))}</p>",
            '<p>The same for programs: <a href="/openapi.json">/openapi.json</a></p>',
            *_tags(described),
            "</body></html>",
        )
    )


def _tags(described: dict[str, Any]) -> Iterator[str]:
    by_tag: dict[str, list[str]] = {}
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            tag = operation.get("tags", ["other"])[0]
            by_tag.setdefault(tag, []).append(_operation(path, method, operation, described))
    for tag, operations in sorted(by_tag.items()):
        yield f"<h2>{escape(tag)}</h2>{''.join(operations)}"


def _operation(path: str, method: str, operation: dict[str, Any], described: dict[str, Any]) -> str:
    return "".join(
        (
            f'<details id="{escape(operation["operationId"])}"><summary>',
            f'<b class="method">{method.upper()}</b> <code>{escape(path)}</code> ',
            f"{escape(operation.get('summary', ''))}</summary>",
            f"<p>{escape(operation.get('description', ''))}</p>",
            _scopes(operation),
            _parameters(operation.get("parameters", [])),
            _body(operation.get("requestBody"), described),
            _responses(operation["responses"], described),
            "</details>",
        )
    )


def _scopes(operation: dict[str, Any]) -> str:
    scopes = [
        scope for way in operation.get("security", []) for each in way.values() for scope in each
    ]
    if not operation.get("security"):
        return "<p>Needs no key.</p>"
    return f"<p>Scope: <code>{escape(' or '.join(scopes))}</code></p>" if scopes else ""


def _parameters(parameters: list[dict[str, Any]]) -> str:
    if not parameters:
        return ""
    rows = "".join(
        f"<tr><td><code>{escape(one['name'])}</code></td><td>{escape(one['in'])}</td>"
        f"<td><code>{escape(_kind(one.get('schema', {})))}</code></td>"
        f"<td>{escape(one.get('description', ''))}</td></tr>"
        for one in parameters
    )
    return f"<table><tr><th>Parameter</th><th>In</th><th>Type</th><th></th></tr>{rows}</table>"


def _kind(schema: dict[str, Any]) -> str:
    if "anyOf" in schema:
        return " or ".join(_kind(one) for one in schema["anyOf"])
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    if schema.get("type") == "array":
        return f"{_kind(schema.get('items', {}))}[]"
    return str(schema.get("const") or schema.get("format") or schema.get("type") or "any")


def _body(body: dict[str, Any] | None, described: dict[str, Any]) -> str:
    if body is None:
        return ""
    required = "required" if body.get("required") else "may be left out"
    return f"<h4>Body ({required})</h4>{_content(body, described)}"


def _responses(responses: dict[str, Any], described: dict[str, Any]) -> str:
    return "<h4>Answers</h4>" + "".join(
        f"<details><summary><b>{escape(status)}</b> {escape(answer['description'])}</summary>"
        f"{_content(answer, described)}{_headers(answer.get('headers', {}))}</details>"
        for status, answer in responses.items()
    )


def _headers(headers: dict[str, Any]) -> str:
    if not headers:
        return ""
    rows = "".join(
        f"<tr><td><code>{escape(name)}</code></td>"
        f"<td><code>{escape(_kind(one.get('schema', {})))}</code></td>"
        f"<td>{escape(one.get('description', ''))}</td></tr>"
        for name, one in headers.items()
    )
    return f"<table><tr><th>Header</th><th>Type</th><th></th></tr>{rows}</table>"


def _content(holder: dict[str, Any], described: dict[str, Any]) -> str:
    return "".join(
        f"<p><code>{escape(media)}</code></p>{_schema(content.get('schema', {}), described)}"
        + _example(content)
        for media, content in holder.get("content", {}).items()
    )


def _schema(schema: dict[str, Any], described: dict[str, Any]) -> str:
    listed = schema.get("items", {}) if schema.get("type") == "array" else schema
    name = listed.get("$ref", "").rpartition("/")[2]
    fields = described["components"]["schemas"].get(name, listed).get("properties", {})
    needed = described["components"]["schemas"].get(name, listed).get("required", [])
    rows = "".join(
        f"<tr><td><code>{escape(field)}</code>{' *' if field in needed else ''}</td>"
        f"<td><code>{escape(_kind(one))}</code></td>"
        f"<td>{escape(one.get('description', ''))}</td></tr>"
        for field, one in fields.items()
    )
    return f"<p>{escape(_kind(schema))}</p><table>{rows}</table>"


def _example(content: dict[str, Any]) -> str:
    if "example" not in content:
        return ""
    return f"<pre>{escape(json.dumps(content['example'], indent=2, ensure_ascii=False))}</pre>"
