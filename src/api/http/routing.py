"""Routing: operations read by contract 1.0.6, found by method and depth of their path.

FastAPI reads the signatures and writes the OpenAPI document from them; a request is read here:
its tolerances differ from FastAPI's, and nothing is solved again for every request.
"""

import inspect
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast, get_args, get_origin

from fastapi import APIRouter, Security
from fastapi.params import Depends
from fastapi.params import Security as SecurityParameter
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from api.http.authentication import KEY, admit
from api.http.cursors import open_cursor
from api.http.errors import from_validation
from api.http.parsing import (
    LARGEST_BODY_BYTES,
    LARGEST_PUBLIC_BODY_BYTES,
    parse_object,
    parse_query,
    read_body,
    segment,
)
from api.http.query_fields import time_zone
from api.http.request import ApiRequest
from api.http.request_state import RequestState

Handler = Callable[..., Awaitable[Response]]


def needs(*scopes: str) -> Depends:
    """Lets in keys that have one of the scopes, all keys where none is named.

    Keys without any scope may do everything.
    """
    return cast(Depends, Security(KEY, scopes=list(scopes)))


@dataclass(frozen=True)
class BrowserAccess:
    """Pages may call this route; ``book_of`` gives the book from the field ``named_by``.

    With a ``scope`` a key names the book: one that has this scope.
    """

    book_of: Callable[[str], str] | None = None
    named_by: str = ""
    scope: str | None = None

    def __call__(self) -> None:
        """Nothing is to be done for a request."""


def for_browsers(
    book_of: Callable[[str], str] | None = None, named_by: str = "", *, scope: str | None = None
) -> Depends:
    """Declares that pages may call a route, on behalf of the organization whose book it names.

    ``named_by``: a segment of the path or a field of the query, of which ``book_of`` makes the
    name of the book, or raises a Refusal. ``scope``: a key that has it names the book.
    """
    return Depends(BrowserAccess(book_of, named_by, scope))


def _as_it_is_now() -> None:
    """Nothing is to be done for a request."""


# Declares a query that is answered by whoever decides, not from the views: it knows no past.
PRESENT_ONLY: Final = Depends(_as_it_is_now)


def example(**body: Any) -> dict[str, Any]:
    """The example of a body, as ``openapi_extra`` of its route; FastAPI would drop its nulls."""
    return {"example": body}


class Operation(APIRoute):
    """A route whose handler takes ``request``, and of ``command`` and ``query`` what it needs.

    ``command`` is the body, ``query`` the query string, each a pydantic model; every other
    parameter is a segment of the path.
    """

    def __init__(self, path: str, endpoint: Handler, **declared: Any) -> None:
        self.example = (declared.pop("openapi_extra", None) or {}).get("example")
        super().__init__(path, endpoint, **declared)
        named = inspect.signature(endpoint).parameters
        self._handler = endpoint
        self._command = _model(named.get("command"))
        self._query = _model(named.get("query"))
        self._lists = _lists(self._query)
        self._segments = tuple(
            name for name in named if name not in {"request", "command", "query"}
        )
        self._scopes = _scopes(self.dependencies)
        self._largest_body = (
            LARGEST_PUBLIC_BODY_BYTES if self._scopes is None else LARGEST_BODY_BYTES
        )
        self.knows_the_past = PRESENT_ONLY not in self.dependencies
        self.app = self._serve

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_state = RequestState.of(scope)
        request = ApiRequest(scope, receive, send)
        if self._scopes is not None:
            admit(request_state, self._scopes)
        arguments: dict[str, Any] = {
            name: segment(scope["path_params"][name]) for name in self._segments
        }
        sent: dict[str, Any] = {}
        try:
            if self._query is not None:
                sent = fields = parse_query(scope["query_string"], lists=self._lists)
                arguments["query"] = self._query.model_validate(fields, context=time_zone(fields))
                open_cursor(request, arguments["query"])
                scope["whence.sent"] = fields
            if self._command is not None:
                sent = parse_object(await read_body(receive, largest_bytes=self._largest_body))
                scope["whence.sent"] = sent
                arguments["command"] = self._command.model_validate(sent)
        except ValidationError as invalid:
            raise from_validation(invalid, sent) from None
        response = await self._handler(request, **arguments)
        await response(scope, receive, send)


class Dispatcher:
    """Enters routes directly, by method and depth; what is none of them goes to ``others``.

    Of several routes that fit, the first one is meant, as everywhere in FastAPI.
    """

    def __init__(self, routes: Iterable[Route | Operation], others: ASGIApp) -> None:
        self._others = others
        self._routes: dict[tuple[str, int], list[Route | Operation]] = defaultdict(list)
        for route in routes:
            for method in route.methods or ():
                self._routes[method, route.path.count("/")].append(route)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        for route in self._routes.get((scope["method"], path.count("/")), ()):
            match = route.path_regex.match(path)
            if match is not None:
                scope["route"] = route
                scope["path_params"] = match.groupdict()
                await route.app(scope, receive, send)
                return
        await self._others(scope, receive, send)


def new_router(tag: str) -> APIRouter:
    return APIRouter(route_class=Operation, tags=[tag], redirect_slashes=False)


def _model(parameter: inspect.Parameter | None) -> type[BaseModel] | None:
    if parameter is None:
        return None
    annotation = parameter.annotation
    if get_origin(annotation) is not None:
        annotation = get_args(annotation)[0]
    return cast(type[BaseModel], annotation)


def _lists(model: type[BaseModel] | None) -> frozenset[str]:
    fields: Mapping[str, Any] = model.model_fields if model else {}
    return frozenset(name for name, field in fields.items() if "list[" in str(field.annotation))


def _scopes(dependencies: list[Depends]) -> tuple[str, ...] | None:
    for dependency in dependencies:
        if isinstance(dependency, SecurityParameter):
            return tuple(dependency.scopes or ())
    return None
