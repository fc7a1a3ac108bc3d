"""Routing of the console: pages found as operations are, and everything else handed on."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from api.http.errors import insufficient_scope, method_not_allowed, no_such_route
from api.http.parsing import (
    LARGEST_BODY_BYTES,
    LARGEST_PUBLIC_BODY_BYTES,
    read_body,
    segment,
)
from api.http.request import ApiRequest
from api.http.routing import Dispatcher
from console.assets import Assets
from console.fields import read_form
from console.pages import Page
from console.same_origin import must_be_our_own

Handler = Callable[..., Awaitable[Response]]

START: Final = "/console"

_CONSOLE: Final = "whence.console"
_MOVED: Final = 308
# A page that takes longer says so, and is asked for again by itself.
_PATIENCE_SECONDS: Final = 3.0


class PageRoute(Route):
    """A route whose handler takes a page, and the segments of its path.

    A form is read before; a page ``for_strangers`` is shown without signing in. ``scope`` is what
    somebody needs to send the form of the page: who lacks it is not shown the form either.
    """

    def __init__(
        self, path: str, handler: Handler, method: str, *, for_strangers: bool, scope: str = ""
    ) -> None:
        super().__init__(path, handler, methods=[method])
        self._handler = handler
        self._for_strangers = for_strangers
        self._scope = scope
        self.app = self._serve

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        console: Console = scope[_CONSOLE]
        page = Page(ApiRequest(scope, receive, send), console.api, console.assets)
        page.request.request_state.failure_page = page.failed
        if not self._for_strangers:
            page.must_be_signed_in()
        await page.learn_who_looks()
        if self._scope and not page.may(self._scope):
            raise insufficient_scope(self._scope)
        page.must_be_readable()
        if page.part is None:
            page.request.request_state.patience_seconds = _PATIENCE_SECONDS
        if scope["method"] == "POST":
            must_be_our_own(page.request)
            largest = LARGEST_PUBLIC_BODY_BYTES if page.viewer is None else LARGEST_BODY_BYTES
            body = await read_body(receive, largest_bytes=largest)
            page.form = read_form(body)
        named = {name: segment(value) for name, value in scope["path_params"].items()}
        response = await self._shown(page, named)
        await response(scope, receive, send)

    async def _shown(self, page: Page, named: dict[str, str]) -> Response:
        """All figures of one page are of one moment: none of them misses what another counts."""
        if page.viewer is None:
            return await self._handler(page, **named)
        if page.looked_back is not None:
            return page.see(page.looked_back)
        async with page.request.at_one_moment():
            return await self._handler(page, **named)


class PageRouter:
    """The pages of one subject."""

    def __init__(self) -> None:
        self.routes: list[PageRoute] = []

    def get(
        self, path: str, *, for_strangers: bool = False, scope: str = ""
    ) -> Callable[[Handler], Handler]:
        return self._adding(path, "GET", for_strangers=for_strangers, scope=scope)

    def post(self, path: str, *, for_strangers: bool = False) -> Callable[[Handler], Handler]:
        return self._adding(path, "POST", for_strangers=for_strangers)

    def _adding(
        self, path: str, method: str, *, for_strangers: bool, scope: str = ""
    ) -> Callable[[Handler], Handler]:
        def add(handler: Handler) -> Handler:
            route = PageRoute(path, handler, method, for_strangers=for_strangers, scope=scope)
            self.routes.append(route)
            return handler

        return add


def console_router() -> PageRouter:
    return PageRouter()


class Console:
    """Serves what is under /console; everything else is the API's, which pages ask as well."""

    def __init__(self, api: ASGIApp, routers: Sequence[PageRouter], assets: Assets) -> None:
        self.api = api
        self.assets = assets
        self._routes = [route for router in routers for route in router.routes]
        self._pages = Dispatcher(self._routes, self._no_page)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"] if scope["type"] == "http" else ""
        if path != START and not path.startswith(f"{START}/"):
            await self.api(scope, receive, send)
        elif path.endswith("/") and scope["method"] in {"GET", "HEAD"}:
            await _without_slash(scope)(scope, receive, send)
        else:
            scope[_CONSOLE] = self
            await self._pages(scope, receive, send)

    async def _no_page(self, scope: Scope, receive: Receive, send: Send) -> None:
        page = Page(ApiRequest(scope, receive, send), self.api, self.assets)
        page.request.request_state.failure_page = page.failed
        page.must_be_signed_in()
        await page.learn_who_looks()
        page.must_be_readable()
        path = scope["path"]
        methods = {
            method
            for route in self._routes
            if route.path_regex.match(path)
            for method in route.methods or ()
        }
        if methods:
            raise method_not_allowed(scope["method"], ", ".join(sorted(methods)))
        raise no_such_route(path)


def _without_slash(scope: Scope) -> Response:
    query = scope["query_string"].decode("latin-1")
    path = scope["raw_path"].decode("latin-1").rstrip("/")
    # Never two slashes at its start: that would be another host.
    place = "/" + path.lstrip("/")
    return RedirectResponse(f"{place}?{query}" if query else place, _MOVED)
