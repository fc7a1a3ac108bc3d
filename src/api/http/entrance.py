"""Which operation is asked for? Found by method and depth of the path, not one route by one."""

from collections import defaultdict
from collections.abc import Iterable

from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from api.http.routing import Operation


class Entrance:
    """The operations among the routes, entered directly; what is none of them goes to ``others``.

    Of several operations that fit, the first one is meant, as everywhere in FastAPI.
    """

    def __init__(self, routes: Iterable[BaseRoute], others: ASGIApp) -> None:
        self._others = others
        self._operations: dict[tuple[str, int], list[Operation]] = defaultdict(list)
        for route in routes:
            if isinstance(route, Operation):
                for method in route.methods or ():
                    self._operations[method, route.path.count("/")].append(route)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        for operation in self._operations.get((scope["method"], path.count("/")), ()):
            match = operation.path_regex.match(path)
            if match is not None:
                scope["route"] = operation
                scope["path_params"] = match.groupdict()
                await operation.app(scope, receive, send)
                return
        await self._others(scope, receive, send)
