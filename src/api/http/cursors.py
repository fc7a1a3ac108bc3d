"""Cursors: the places where pages begin, sealed for one list of one book.

So nobody's text reaches a query as a place but what was given out here for the same list.
"""

import hmac
from base64 import urlsafe_b64encode
from typing import Any, Final

from api.http.request import ApiRequest
from projections.engine.querying.pages import BadCursor

# Bytes of the proof, and characters it is written in.
_PROOF: Final = 12
_SEAL: Final = 16


def sealed(request: ApiRequest, place: str | None) -> str | None:
    """The cursor that is given out for a place; None on the last page."""
    return None if place is None else _seal(request, place) + place


def open_cursor(request: ApiRequest, query: Any) -> None:
    """Puts the place in the stead of the cursor of a query, if it has one. Raises BadCursor."""
    cursor = getattr(query, "cursor", None)
    if cursor:
        place = cursor[_SEAL:]
        if not hmac.compare_digest(cursor[:_SEAL].encode(), _seal(request, place).encode()):
            raise BadCursor
        query.cursor = place


def _seal(request: ApiRequest, place: str) -> str:
    seed = request.caller.organization.client_secret_seed
    route = request.scope["route"].path
    said = f"cursor\n{request.book_name}\n{route}\n{place}"
    proof = hmac.new(seed.encode(), said.encode(), "sha256").digest()
    return urlsafe_b64encode(proof[:_PROOF]).decode()
