"""Resolver: looks up where names lead, so that none that leads nowhere keeps others waiting."""

import asyncio
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final

from aiohttp.abc import AbstractResolver, ResolveResult

Lookup = Callable[..., list[tuple[Any, ...]]]
getaddrinfo: Lookup = socket.getaddrinfo

# A name that leads nowhere takes seconds.
_LOOKUPS_AT_ONCE: Final = 32


class Resolver(AbstractResolver):
    """Looks names up in threads of its own."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self._threads = ThreadPoolExecutor(_LOOKUPS_AT_ONCE, thread_name_prefix="names")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        look = partial(self._lookup, host, port, family, socket.SOCK_STREAM)
        found = await asyncio.get_running_loop().run_in_executor(self._threads, look)
        return [_result(host, entry) for entry in found]

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _result(host: str, entry: tuple[Any, ...]) -> ResolveResult:
    family, _, protocol, _, place = entry
    return ResolveResult(
        hostname=host,
        host=place[0],
        port=place[1],
        family=family,
        proto=protocol,
        flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
    )
