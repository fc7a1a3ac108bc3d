"""The routes ``/openapi.json`` and ``/docs``: nothing of them is fetched from elsewhere."""

import gzip
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Final

import orjson
from starlette.responses import HTMLResponse, RedirectResponse, Response

from api.http.errors import no_such_route
from api.http.packing import takes_gzip
from api.http.request import ApiRequest
from api.http.responses import JSON
from api.http.routing import new_router

router = new_router("service")

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_DOCUMENT: Final = "openapi.json"
_KEPT_FOR_EVER: Final = "public, max-age=31536000, immutable"


@router.get("/", include_in_schema=False)
async def lead_on(request: ApiRequest) -> Response:
    """Browsers to the reference, programs to what they can read."""
    if "text/html" in (request.request_state.header(b"accept") or ""):
        return RedirectResponse("docs", 303, headers={"Vary": "Accept"})
    places = {"service": "whence", "docs": "/docs", "openapi": "/openapi.json", "api": "/v1"}
    return Response(orjson.dumps(places), media_type=JSON, headers={"Vary": "Accept"})


@router.get("/openapi.json", include_in_schema=False)
async def show_document(request: ApiRequest) -> Response:
    return Response(await request.app.state.document.read(), media_type=JSON)


@router.get("/docs", include_in_schema=False)
async def show_page(request: ApiRequest) -> Response:  # noqa: ARG001 (nothing is asked)
    return HTMLResponse(_page(), headers={"Content-Security-Policy": _POLICY})


@router.get("/docs/{name}", include_in_schema=False)
async def show_what_the_page_loads(request: ApiRequest, name: str) -> Response:
    if name == _DOCUMENT:
        return Response(await request.app.state.document.read_as_older(), media_type=JSON)
    if name != _script_name():
        raise no_such_route(request.url.path)
    script, headers = _packed(), {"Cache-Control": _KEPT_FOR_EVER, "Vary": "Accept-Encoding"}
    if takes_gzip(request.request_state):
        headers["Content-Encoding"] = "gzip"
    else:
        script = _unpacked()
    return Response(script, media_type="text/javascript", headers=headers)


@cache
def _page() -> str:
    page = files(__package__).joinpath("page.html").read_text("utf-8")
    return page.replace("{script}", f"/docs/{_script_name()}")


@cache
def _script_name() -> str:
    """With its digest, so that browsers may keep it: another release has another name."""
    return f"rapidoc-9.3.8-{sha256(_packed()).hexdigest()[:16]}.js"


@cache
def _packed() -> bytes:
    return files(__package__).joinpath("rapidoc-9.3.8.js.gz").read_bytes()


@cache
def _unpacked() -> bytes:
    return gzip.decompress(_packed())
