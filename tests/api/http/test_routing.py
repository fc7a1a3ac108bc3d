"""Operations are entered directly, all else goes its usual way."""

import asyncio

import pytest
from starlette.responses import Response

from api.http.request_state import RequestState
from api.http.routing import Dispatcher, new_router


@pytest.fixture
def enter():
    """Asks a dispatcher of three operations; says where one came out."""
    came_out = []
    router = new_router("things")

    def operation(name):
        async def handler(request):
            came_out.append((name, request.path_params))
            return Response()

        return handler

    router.get("/things/new")(operation("newest"))
    router.get("/things/{thing_id}")(operation("one"))
    router.post("/things/{thing_id}/{part}")(operation("part"))

    async def elsewhere(scope, _receive, _send):
        came_out.append(("elsewhere", scope["path"]))

    async def nowhere(*_):
        pass

    class App:
        class state:  # noqa: N801 (as Starlette calls it)
            dependencies = None

    def ask(method, path):
        scope = {"type": "http", "method": method, "path": path, "headers": [], "app": App}
        RequestState("req_1", {}).join(scope)
        asyncio.run(Dispatcher(router.routes, elsewhere)(scope, nowhere, nowhere))
        return came_out[-1]

    return ask


def test_the_first_operation_that_fits_is_entered(enter):
    assert enter("GET", "/things/new") == ("newest", {})
    assert enter("GET", "/things/7") == ("one", {"thing_id": "7"})
    assert enter("POST", "/things/7/lid") == ("part", {"thing_id": "7", "part": "lid"})


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/things/7"), ("GET", "/things"), ("GET", "/things/7/")]
)
def test_what_is_no_operation_goes_elsewhere(enter, method, path):
    assert enter(method, path) == ("elsewhere", path)
