"""Parsing of bodies, query strings and paths, with the patience of contract 1.0.6."""

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import parse_qsl, unquote

import orjson
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope

from api.http.errors import InvalidInput, body_too_large

LARGEST_BODY_BYTES = 1024 * 1024
# What anybody may send who shows no key.
LARGEST_PUBLIC_BODY_BYTES = 64 * 1024
DEEPEST_NESTING = 64
# A body is read by this process alone, and nobody else is answered meanwhile: at some 2 µs a value.
MOST_VALUES = 20_000

_MOST_QUERY_FIELDS = 200
# More than twice the longest text that is asked for has, however it is encoded.
_MOST_ESCAPES = 20_000
# So many digits tell every double from all others.
_DIGITS_OF_A_DOUBLE = 17
# Stands for "/" inside a segment. A NUL sent by a client is refused, so it means nothing else.
_SLASH = "\0"


async def read_body(receive: Receive, *, largest_bytes: int = LARGEST_PUBLIC_BODY_BYTES) -> bytes:
    """The whole body, counted as it comes; raises ApiError (413) as soon as it is too long."""
    parts: list[bytes] = []
    length = 0
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        parts.append(message.get("body", b""))
        length += len(parts[-1])
        if length > largest_bytes:
            raise body_too_large(largest_bytes)
        more = message.get("more_body", False)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def parse_object(body: bytes) -> dict[str, Any]:
    """A JSON object; nothing at all, ``[]`` and ``null`` count as ``{}``.

    A number is what was written, or an ``int`` or Decimal too large for whoever keeps it, never
    something near it. Raises InvalidInput for everything that is not an object, for a name that is
    there twice, for NUL characters (no database stores them in text), for nesting deeper than
    ``DEEPEST_NESTING`` and for more than ``MOST_VALUES`` values.
    """
    if not body or body.isspace():
        return {}
    # Of a text that is full of these each counts as a value: no text that is kept is so long.
    if body.count(b",") + body.count(b"[") + body.count(b"{") > MOST_VALUES:
        raise InvalidInput("body", f"must not have more than {MOST_VALUES} values")
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidInput("body", f"not JSON: {error}") from None
    if isinstance(value, dict):
        # Both searches are far quicker than a walk, and rarely find anything.
        if b"\\u0000" in body or body.count(b"[") + body.count(b"{") > DEEPEST_NESTING:
            _check(value, depth=1, field="body")
        return _as_it_was_said(body)
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


def _as_it_was_said(body: bytes) -> dict[str, Any]:
    """What was found to be an object, by a reader that hides neither a digit nor a name."""
    value: dict[str, Any] = json.loads(
        body.decode(), object_pairs_hook=_object, parse_float=_number
    )
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        [(twice, _)] = Counter(name for name, _ in pairs).most_common(1)
        raise InvalidInput(twice, "is there twice")
    return fields


def _number(text: str) -> float | Decimal:
    number = float(text)
    if number != 0 and len(text) <= _DIGITS_OF_A_DOUBLE:
        return number  # as nearly every number is, and a Decimal takes ten times as long
    try:
        said = Decimal(text)
    except InvalidOperation:
        raise InvalidInput("body", f"no number is as small as {text[:40]}") from None
    is_close = len(said.as_tuple().digits) <= _DIGITS_OF_A_DOUBLE and (number != 0 or said == 0)
    return number if is_close or Decimal(repr(number)) == said else said


def fingerprint(value: Mapping[str, Any]) -> str:
    """The same for two bodies that say the same, whatever their order and white space."""
    try:
        text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:
        text = json.dumps(value, sort_keys=True, default=repr).encode()
    return hashlib.sha256(text).hexdigest()


def parse_query(query: bytes, *, lists: Collection[str] = ()) -> dict[str, Any]:
    """The fields of a query string: the last of repeated ones, all of those named in ``lists``.

    An empty value counts as absent.
    """
    fields: dict[str, Any] = {}
    for name, value in parse_pairs(query):
        if name in lists:
            fields.setdefault(name, []).append(value)
        else:
            fields[name] = value
    return fields


def parse_pairs(
    text: bytes, *, what: str = "query", most_escapes: int = _MOST_ESCAPES
) -> list[tuple[str, str]]:
    """Names and values of a query string or a form, as they stand there; none that is empty."""
    if not text:
        return []
    if text.count(b"%") > most_escapes:
        raise InvalidInput(what, f"more than {most_escapes} characters are percent-encoded")
    try:
        pairs = parse_qsl(
            text.decode("latin-1"), max_num_fields=_MOST_QUERY_FIELDS, errors="strict"
        )
    except UnicodeDecodeError:
        raise InvalidInput(what, "is not UTF-8") from None
    except ValueError:
        raise InvalidInput(what, f"more than {_MOST_QUERY_FIELDS} fields") from None
    for name, value in pairs:
        if "\0" in value or "\0" in name:
            raise InvalidInput(name.replace("\0", ""), "must not contain NUL characters")
    return pairs


def keep_encoded_slashes(scope: Scope) -> None:
    """Lets ``/v1/customers/external/a%2Fb`` have four segments; raises InvalidInput for NUL."""
    raw: bytes = scope.get("raw_path") or b""
    if b"%" not in raw:
        return
    try:
        segments = [unquote(each, errors="strict") for each in raw.decode("latin-1").split("/")]
    except UnicodeDecodeError:
        raise InvalidInput("path", "is not UTF-8") from None
    if any(_SLASH in segment for segment in segments):
        raise InvalidInput("path", "must not contain NUL characters")
    scope["path"] = "/".join(segment.replace("/", _SLASH) for segment in segments)


def segment(value: str) -> str:
    """A segment of the path, as the client meant it."""
    return value.replace(_SLASH, "/")
