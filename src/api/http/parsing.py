"""Parsing of bodies, query strings and paths, with the patience of contract 1.0.6."""

import hashlib
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote

import orjson
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope

from api.http.errors import InvalidInput, body_too_large

LARGEST_BODY_BYTES = 10 * 1024 * 1024
DEEPEST_NESTING = 64

_MOST_QUERY_FIELDS = 200
# Stands for "/" inside a segment. A NUL sent by a client is refused, so it means nothing else.
_SLASH = "\0"


async def read_body(receive: Receive) -> bytes:
    """The whole body; raises ApiError (413) once it is longer than ``LARGEST_BODY_BYTES``."""
    parts: list[bytes] = []
    length = 0
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        parts.append(message.get("body", b""))
        length += len(parts[-1])
        if length > LARGEST_BODY_BYTES:
            raise body_too_large(LARGEST_BODY_BYTES)
        more = message.get("more_body", False)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def parse_object(body: bytes) -> dict[str, Any]:
    """A JSON object; nothing at all, ``[]`` and ``null`` count as ``{}``.

    Raises InvalidInput for everything that is not one, for NUL characters (no database stores
    them in text) and for nesting deeper than ``DEEPEST_NESTING``.
    """
    if not body or body.isspace():
        return {}
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidInput("body", f"not JSON: {error}") from None
    if isinstance(value, dict):
        # Both searches are far quicker than a walk, and rarely find anything.
        if b"\\u0000" in body or body.count(b"[") + body.count(b"{") > DEEPEST_NESTING:
            _check(value, depth=1, field="body")
        return value
    if value is None or value == []:
        return {}
    raise InvalidInput("body", "must be a JSON object")


def _check(value: Any, *, depth: int, field: str) -> None:
    if isinstance(value, str):
        if "\0" in value:
            raise InvalidInput(field, "must not contain NUL characters")
        return
    if not isinstance(value, (dict, list)):
        return
    if depth > DEEPEST_NESTING:
        raise InvalidInput(field, f"must not be nested deeper than {DEEPEST_NESTING} levels")
    if isinstance(value, list):
        for item in value:
            _check(item, depth=depth + 1, field=field)
        return
    for name, item in value.items():
        _check(name, depth=depth, field=field)
        _check(item, depth=depth + 1, field=name if depth == 1 else field)


def fingerprint(value: Mapping[str, Any]) -> str:
    """The same for two bodies that say the same, whatever their order and white space."""
    return hashlib.sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).hexdigest()


def parse_query(query: bytes, *, lists: Collection[str] = ()) -> dict[str, Any]:
    """The fields of a query string: the last of repeated ones, all of those named in ``lists``.

    An empty value counts as absent.
    """
    if not query:
        return {}
    try:
        pairs = parse_qsl(query.decode("latin-1"), max_num_fields=_MOST_QUERY_FIELDS)
    except ValueError:
        raise InvalidInput("query", f"more than {_MOST_QUERY_FIELDS} fields") from None
    fields: dict[str, Any] = {}
    for name, value in pairs:
        if "\0" in value or "\0" in name:
            raise InvalidInput(name.replace("\0", ""), "must not contain NUL characters")
        if name in lists:
            fields.setdefault(name, []).append(value)
        else:
            fields[name] = value
    return fields


def keep_encoded_slashes(scope: Scope) -> None:
    """Lets ``/v1/customers/external/a%2Fb`` have four segments; raises InvalidInput for NUL."""
    raw: bytes = scope.get("raw_path") or b""
    if b"%" not in raw:
        return
    segments = [unquote(segment) for segment in raw.decode("latin-1").split("/")]
    if any(_SLASH in segment for segment in segments):
        raise InvalidInput("path", "must not contain NUL characters")
    scope["path"] = "/".join(segment.replace("/", _SLASH) for segment in segments)


def segment(value: str) -> str:
    """A segment of the path, as the client meant it."""
    return value.replace(_SLASH, "/")
