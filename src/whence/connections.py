"""Connections: how the server takes them, how many, and whom it believes who it speaks for."""

import resource
from functools import partial
from typing import Any, Final

import structlog

from api.http.connection import Connection, Patience
from whence.settings import Settings

# Files, connections to the database, and the sockets that listen.
_OTHER_FILES: Final = 256

_log = structlog.get_logger("whence")


def connections(settings: Settings) -> dict[str, Any]:
    """What uvicorn is told about them."""
    patience = Patience(
        header_seconds=settings.header_seconds,
        body_seconds=settings.body_seconds,
        most_connections=make_room_for(settings.connections),
    )
    return {
        "http": partial(Connection, patience=patience),
        "ws": "none",
        "timeout_keep_alive": settings.idle_seconds,
        "proxy_headers": bool(settings.trusted_proxies),
        "forwarded_allow_ips": list(settings.trusted_proxies),
    }


def make_room_for(connections: int) -> int:
    """Lets this process, and those it starts, have a file open for each, as far as it may.

    How many there is room for: where more came, none could be accepted, or answered that it is not.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = connections + _OTHER_FILES
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return connections
    allowed = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    fitting = max(1, allowed - _OTHER_FILES)
    if fitting < connections:
        _log.warning("fewer connections than set: files are limited", connections=fitting)
    return fitting
