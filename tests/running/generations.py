"""Generations of a store, and what the command line does with them."""

import json
from datetime import UTC, datetime
from typing import Any

from server import Server

from ledger.database import open_engine
from projections.engine.generations.registry import Registered, Registry


def registered(server: Server) -> list[Registered]:
    engine = open_engine(server.database_url)
    listed = Registry(engine, lambda: datetime.now(UTC)).all()
    engine.dispose()
    return listed


def states(server: Server) -> dict[int, str]:
    return {each.number: each.state for each in registered(server)}


def building(server: Server) -> list[int]:
    return [number for number, state in states(server).items() if state == "building"]


def is_built(server: Server) -> bool:
    """Whether somebody is at it: they say so some time after it was registered."""
    return any(each.heartbeat for each in registered(server))


def serving_number(server: Server) -> int:
    [number] = [number for number, state in states(server).items() if state == "serving"]
    return number


def switch(server: Server, number: int) -> int:
    """The exit code."""
    return server.whence("generations", "switch", str(number)).returncode


def figures(server: Server, number: int) -> list[dict[str, Any]]:
    """Position, rows and digests of each book of a generation that has been verified."""
    verified = server.whence("verify", "--generation", str(number), "--json")
    assert verified.returncode == 0, verified.stderr
    return list(json.loads(verified.stdout)["books"])
