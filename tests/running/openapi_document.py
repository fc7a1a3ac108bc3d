"""An OpenAPI document with what it says once put back to where it is meant."""

from typing import Any

SAID_ONCE = ("headers", "responses", "parameters")


def put_back(part: Any, document: dict[str, Any]) -> Any:
    """The part with its shared headers, responses and parameters; schemas stay named."""
    if isinstance(part, list):
        return [put_back(each, document) for each in part]
    if not isinstance(part, dict):
        return part
    kind, _, name = part.get("$ref", "").removeprefix("#/components/").partition("/")
    if kind in SAID_ONCE:
        return put_back(document["components"][kind][name], document)
    return {name: put_back(value, document) for name, value in part.items()}
