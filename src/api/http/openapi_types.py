"""Types in the OpenAPI document, as people read them: text or null, not any of two schemas."""

from typing import Any

Part = dict[str, Any]

_SIMPLE = ("string", "integer", "number", "boolean")
_NULL = {"type": "null"}


def never_null(schema: Part) -> None:
    """Of a parameter that may be left out: there is no null in an address."""
    if schema.get("default", "some") is None:
        del schema["default"]
    branches = [branch for branch in schema.pop("anyOf", ()) if branch != _NULL]
    schema.update(branches[0] if len(branches) == 1 else {"anyOf": branches} if branches else {})


def as_people_read_it(part: Any) -> Any:
    """FastAPI writes every bound as a float, and nobody counts to 100.0; Markdown has one tick."""
    if isinstance(part, dict):
        return _in_one_type({name: as_people_read_it(value) for name, value in part.items()})
    if isinstance(part, list):
        return [as_people_read_it(value) for value in part]
    if isinstance(part, str):
        return part.replace("``", "`")
    return int(part) if isinstance(part, float) and part.is_integer() else part


def _in_one_type(schema: Part) -> Part:
    """What is one simple thing or null, as one type with two names."""
    match schema:
        case {"anyOf": [{"type": str(name), **rest} as simple, {"type": "null"}]} if (
            name in _SIMPLE and not {"anyOf", "const"} & rest.keys()
        ):
            whole: Part = simple | {word: said for word, said in schema.items() if word != "anyOf"}
            if "enum" in simple:
                whole["enum"] = [*simple["enum"], None]
            return whole | {"type": [name, "null"]}
    return schema
