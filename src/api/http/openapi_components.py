"""Components of the OpenAPI document: what many operations have in common is said once."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import orjson

Part = dict[str, Any]
# Where such a part stands, how it is called there, and the part itself.
Place = tuple[Any, Any, str]


def share(document: Part) -> None:
    """Moves what stands in several places to the components, and refers to it from there."""
    for kind, places in (("headers", _headers), ("responses", _responses), ("parameters", _named)):
        found = list(places(document))
        many = Counter(_text(holder[at]) for holder, at, _ in found)
        shared: dict[str, Part] = {}
        names: dict[bytes, str] = {}
        for holder, at, name in found:
            text = _text(holder[at])
            if many[text] > 1:
                if text not in names:
                    names[text] = _free(name, shared)
                    shared[names[text]] = holder[at]
                holder[at] = {"$ref": f"#/components/{kind}/{names[text]}"}
        document["components"][kind] = shared


def _operations(document: Part) -> Iterator[Part]:
    for described in document["paths"].values():
        yield from described.values()


def _headers(document: Part) -> Iterator[Place]:
    for operation in _operations(document):
        for response in operation["responses"].values():
            headers = response.get("headers", {})
            yield from ((headers, name, name) for name in headers)


def _responses(document: Part) -> Iterator[Place]:
    for operation in _operations(document):
        responses = operation["responses"]
        yield from ((responses, status, status) for status in responses)


def _named(document: Part) -> Iterator[Place]:
    for operation in _operations(document):
        parameters = operation.get("parameters", [])
        for place, parameter in enumerate(parameters):
            yield parameters, place, f"{parameter['in']}-{parameter['name']}"


def _text(part: Part) -> bytes:
    return orjson.dumps(part, option=orjson.OPT_SORT_KEYS)


def _free(name: str, taken: Part) -> str:
    """The name, with a number behind it where another part is called so."""
    count = sum(each.rpartition(".")[0] == name or each == name for each in taken)
    return f"{name}.{count + 1}" if count else name
