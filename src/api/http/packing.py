"""Packing: a page is sent as gzip to whoever takes it, where that makes it smaller."""

import gzip
from typing import Final

from starlette.responses import Response

from api.http.request_state import RequestState

_WORTH_PACKING_BYTES: Final = 1024
# Nearly as small as it gets, in half the time.
_EFFORT: Final = 5


def takes_gzip(request_state: RequestState) -> bool:
    return "gzip" in (request_state.header(b"accept-encoding") or "")


def packed(response: Response, *, small: bool) -> Response:
    """The same response; ``small``: whoever asks takes gzip."""
    response.headers.add_vary_header("Accept-Encoding")
    if small and len(response.body) > _WORTH_PACKING_BYTES:
        response.body = gzip.compress(response.body, _EFFORT, mtime=0)
        response.headers["Content-Encoding"] = "gzip"
        response.headers["Content-Length"] = str(len(response.body))
    return response
