"""The vocabulary of the OpenAPI document: what each name means, and an example of it.

The words are in ``vocabulary.toml``, and read only when a document is made.
"""

import tomllib
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

Schema = dict[str, Any]
Words = Mapping[str, list[Any]]

# What stands before the name of a thing as lists tell of it, where they say more.
_LISTED = "Listed"


class Vocabulary:
    """Completes schemas and parameters in place, with the ``schemas`` of the document at hand."""

    def __init__(self, schemas: dict[str, Schema]) -> None:
        words = tomllib.loads(files(__package__).joinpath("vocabulary.toml").read_text("utf-8"))
        self._properties: Words = words["properties"]
        self._parameters: Words = words["parameters"]
        self._schemas = schemas

    def complete_schemas(self) -> None:
        for schema, name, told in self._every_property():
            told.pop("title", None)  # the name once more, with capitals
            listed = schema.removeprefix(_LISTED)
            names = (f"{schema}.{name}", f"{listed}.{name}", name)
            _complete(told, told, self._properties, names)
        # A thing inside another is shown by what its own fields are an example of.
        for _, _, told in self._every_property():
            if "examples" not in told:
                told["examples"] = [self._example(told)]

    def complete_parameter(self, parameter: dict[str, Any]) -> None:
        name, schema = parameter["name"], parameter["schema"]
        names = (f"{parameter['in']}.{name}", name)
        _complete(parameter, schema, self._parameters, names)
        for needless in ("title", "description"):
            schema.pop(needless, None)

    def _every_property(self) -> Iterator[tuple[str, str, Schema]]:
        for schema, described in self._schemas.items():
            for name, told in described.get("properties", {}).items():
                yield schema, name, told

    def _example(self, told: Schema) -> Any:
        if "examples" in told:
            return told["examples"][0]
        if "$ref" in told:
            fields = self._schemas[told["$ref"].rpartition("/")[2]].get("properties", {})
            return {name: self._example(field) for name, field in fields.items()}
        if "anyOf" in told:
            return self._example(told["anyOf"][0])
        return [self._example(told["items"])] if "items" in told else None


def _complete(holder: dict[str, Any], schema: Schema, words: Words, names: tuple[str, ...]) -> None:
    """``names``: from that of this place to that of any; ``holder`` has the description."""
    found_words = [words[name] for name in names if name in words]
    branches = [schema, *schema.get("anyOf", ())]
    said = [*(each[0] for each in found_words[:1]), holder.get("description")]
    said += [branch.get("description") for branch in branches]
    sentences = " ".join(dict.fromkeys(sentence for sentence in said if sentence))
    if sentences:
        holder["description"] = sentences
    if schema.get("type") == "null":
        schema["examples"] = [None]
        return
    examples = [each[1:] for each in found_words]
    examples += [branch.get("examples") for branch in branches]
    found = next((each for each in [*examples, *map(_only, branches)] if each), None)
    if found is not None:
        schema["examples"] = found


def _only(schema: Schema) -> list[Any]:
    """One of the values that there are, or else the default."""
    if "enum" in schema or "const" in schema:
        return [schema.get("const", schema.get("enum", [None])[0])]
    return [schema["default"]] if schema.get("default") not in (None, [], {}) else []
