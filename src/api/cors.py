"""Which browser pages may read which answers."""

import re
from collections.abc import Sequence

from starlette.responses import Response
from starlette.types import Scope

from api.visit import Visit

# What a checkout page calls, and what needs no key; everything else needs a server key, which no
# browser should hold.
_BROWSER_ROUTES = re.compile(
    r"/v1/payments/intents"
    r"|/v1/payments/[^/]+/confirm-intent"
    r"|/v1/pay/[^/]+(?:/pay)?"
    r"|/v1/checkout/sessions(?:/[^/]+(?:/select)?)?"
    r"|/healthz|/metrics"
)
_ALLOWED_HEADERS = (
    "Authorization, Content-Type, Idempotency-Key, X-Org-Id, X-Reevit-Client, "
    "X-Reevit-Client-Version, X-Reevit-Key, X-Reevit-Mode"
)
_EXPOSED_HEADERS = (
    "Idempotent-Replayed, Retry-After, Whence-Position, X-RateLimit-Limit, "
    "X-RateLimit-Remaining, X-RateLimit-Reset, X-Request-Id"
)
_REMEMBERED_SECONDS = 600


class CrossOrigin:
    """The allow-list of origins; ``*`` allows every one."""

    def __init__(self, origins: Sequence[str]) -> None:
        self._origins = frozenset(origins)

    def headers(self, scope: Scope, visit: Visit) -> list[tuple[bytes, bytes]]:
        """What an answer to this request says to a browser; nothing on other routes."""
        if not self._origins or not _BROWSER_ROUTES.fullmatch(scope["path"]):
            return []
        said = [(b"vary", b"Origin")]
        origin = visit.header(b"origin")
        if origin and (origin in self._origins or "*" in self._origins):
            said.append((b"access-control-allow-origin", origin.encode("latin-1")))
            said.append((b"access-control-expose-headers", _EXPOSED_HEADERS.encode()))
        return said

    def preflight(self, scope: Scope, visit: Visit) -> Response | None:
        """The answer to a browser that asks before it asks; None when this is no such question."""
        asked = visit.header(b"access-control-request-method")
        if scope["method"] != "OPTIONS" or asked is None or b"origin" not in visit.received:
            return None
        if not self._origins or not _BROWSER_ROUTES.fullmatch(scope["path"]):
            return None
        return Response(
            status_code=204,
            headers={
                "Access-Control-Allow-Methods": "GET, POST",
                "Access-Control-Allow-Headers": _ALLOWED_HEADERS,
                "Access-Control-Max-Age": str(_REMEMBERED_SECONDS),
            },
        )
