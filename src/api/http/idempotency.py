"""Idempotency keys: by what a request is known when it comes again."""

from hashlib import sha256
from typing import Any

from starlette.requests import Request

from api.http.errors import InvalidInput
from api.http.parsing import fingerprint
from api.http.request_state import RequestState
from commands.handling.handler import Idempotency

_LONGEST_KEY = 255
_LONGEST_SCOPED_KEY = 512


def idempotency_of(
    request: Request, key: str | None, *, required: bool, in_browser: bool
) -> Idempotency | None:
    """By ``key``, else by the header; None for what has none. Raises InvalidInput.

    ``required``: whoever has none is refused. Keys of browsers are apart from those of servers.
    """
    if request.method == "GET":
        return None
    key = key or RequestState.of(request.scope).header(b"idempotency-key")
    if key is None:
        if required:
            raise InvalidInput(
                "Idempotency-Key", "this header is required", "missing_idempotency_key"
            )
        return None
    if not 1 <= len(key) <= _LONGEST_KEY or not key.isprintable():
        raise InvalidInput("Idempotency-Key", f"must have 1 to {_LONGEST_KEY} characters")
    sent: dict[str, Any] = request.scope.get("whence.sent", {})
    path = request.scope["raw_path"].decode("latin-1")
    audience = "browser " if in_browser else ""
    return Idempotency(_scoped(f"{audience}{request.method} {path} {key}"), fingerprint(sent))


def _scoped(key: str) -> str:
    """A key as it is stored: a long path would not fit the index it is found by."""
    if len(key) <= _LONGEST_SCOPED_KEY:
        return key
    return f"sha256 {sha256(key.encode()).hexdigest()}"
