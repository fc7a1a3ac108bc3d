"""What a path names when one of its segments holds an encoded slash."""

from urllib.parse import unquote

from starlette.types import Scope

from api.http.errors import InvalidInput

# Stands for "/" inside a segment. A NUL sent by a client is refused, so it means nothing else.
_SLASH = "\0"


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
