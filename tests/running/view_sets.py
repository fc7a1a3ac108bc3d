"""What the command line says of the sets of views, and does with them."""

import json
import time
from collections.abc import Callable
from typing import Any

from server import PATIENCE_SECONDS, Server


def generations(server: Server) -> list[dict[str, Any]]:
    return list(json.loads(server.whence("generations", "list", "--json").stdout))


def states(server: Server) -> dict[int, str]:
    return {each["number"]: each["state"] for each in generations(server)}


def serving_number(server: Server) -> int:
    [number] = [number for number, state in states(server).items() if state == "serving"]
    return number


def building(server: Server) -> list[int]:
    return [number for number, state in states(server).items() if state == "building"]


def awaited(condition: Callable[[], object]) -> None:
    """Returns as soon as it is so."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.1)


def switch(server: Server, number: int) -> int:
    """The exit code."""
    return server.whence("generations", "switch", str(number)).returncode


def figures(server: Server, number: int) -> list[dict[str, Any]]:
    """Position, rows and digests of each book of a generation that has been verified."""
    verified = server.whence("verify", "--generation", str(number), "--json")
    assert verified.returncode == 0, verified.stderr
    return list(json.loads(verified.stdout)["books"])
