"""HTTP client: sends to addresses that others chose, and trusts neither them nor what answers.

No connection goes inside the house, whatever a name leads to when it is made. No redirect is
followed, no proxy of the environment is asked, no cookie kept, and of an answer a kilobyte is read.
"""

import asyncio
import errno
import socket
import ssl
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from ipaddress import ip_address
from typing import Any, Final, Self

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from delivery.addresses import Network, is_allowed
from delivery.failures import (
    CONNECTING_SECONDS,
    LEADS_INSIDE,
    is_connected,
    is_cut_off,
    reason_of,
)
from delivery.resolver import Lookup, Resolver, getaddrinfo
from domain.book import Mode

_KEPT_BYTES: Final = 1024
# Whoever has answered need not be listened to for longer.
_BODY_SECONDS: Final = 2
# Below the five seconds after which many servers close a connection that nobody uses.
_KEPT_ALIVE_SECONDS: Final = 4
_CONNECTIONS_OF_A_HOST: Final = 64
_NAME_KEPT_SECONDS: Final = 10


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """``text``: the first kilobyte of the body, as it can be read, and ``headers`` alike."""

    status: int
    headers: Mapping[str, str]
    text: str
    milliseconds: int


class SendingFailed(Exception):  # noqa: N818 (what happens outside is no fault of ours)
    """Nobody answered. ``reason`` says what usually causes it; ``connected``: somebody was there.

    What was sent may have arrived all the same where somebody was there.
    """

    def __init__(self, reason: str, *, connected: bool, milliseconds: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.connected = connected
        self.milliseconds = milliseconds


class HttpClient:
    """Used from one event loop, and closed there: as an asynchronous context manager.

    ``allowed_networks`` may be reached although they are not public. ``lookup`` is what
    `socket.getaddrinfo` is.
    """

    def __init__(
        self, *, allowed_networks: Collection[Network] = (), lookup: Lookup = getaddrinfo
    ) -> None:
        self._allowed_networks = tuple(allowed_networks)
        self._resolver = Resolver(lookup)
        self._sessions: dict[Mode, aiohttp.ClientSession] = {}
        self._tls: ssl.SSLContext | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        for session in self._sessions.values():
            await session.close()
        self._sessions.clear()
        await self._resolver.close()

    async def request(
        self,
        method: str,
        url: str | URL,
        *,
        mode: Mode,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        seconds: float = 30,
        repeatable: bool = False,
    ) -> HttpAnswer:
        """What was answered, whatever its status, within so many seconds.

        ``repeatable``: it may arrive twice, so it is sent once more when a connection that was
        kept open turns out to be closed. Raises SendingFailed.
        """
        began = time.monotonic()
        session = self._session(mode)
        send = partial(_send, session, method, url, body, headers or {}, seconds, began)
        try:
            try:
                return await send()
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
                if not repeatable or not is_cut_off(error):
                    raise
                return await send()
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise SendingFailed(
                reason_of(error, seconds),
                connected=is_connected(error),
                milliseconds=_milliseconds_since(began),
            ) from error

    def _session(self, mode: Mode) -> aiohttp.ClientSession:
        session = self._sessions.get(mode)
        if session is None:
            # Two modes share no connection: what one may reach, the other may not.
            session = self._sessions[mode] = self._open(mode)
        return session

    def _open(self, mode: Mode) -> aiohttp.ClientSession:
        if self._tls is None:
            self._tls = ssl.create_default_context()
        connector = aiohttp.TCPConnector(
            ssl=self._tls,
            resolver=self._resolver,
            ttl_dns_cache=_NAME_KEPT_SECONDS,
            keepalive_timeout=_KEPT_ALIVE_SECONDS,
            limit=0,
            limit_per_host=_CONNECTIONS_OF_A_HOST,
            socket_factory=partial(_guarded_socket, mode, self._allowed_networks),
        )
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            skip_auto_headers=("Accept", "Accept-Encoding"),
            headers={"User-Agent": "Whence/1 (+webhooks)"},
        )


def _guarded_socket(
    mode: Mode, allowed_networks: Collection[Network], address: tuple[Any, ...]
) -> socket.socket:
    family, kind, protocol, _, place = address
    if not is_allowed(ip_address(place[0]), mode=mode, allowed_networks=allowed_networks):
        raise OSError(errno.EACCES, f"{LEADS_INSIDE} {place[0]}")
    return socket.socket(family, kind, protocol)


async def _send(
    session: aiohttp.ClientSession,
    method: str,
    url: str | URL,
    body: bytes,
    headers: Mapping[str, str],
    seconds: float,
    began: float,
) -> HttpAnswer:
    timeout = _timeout(seconds)
    response = await session.request(
        method, url, data=body or None, headers=headers, allow_redirects=False, timeout=timeout
    )
    try:
        text = await _beginning(response.content)
    finally:
        # Gives the connection back if all was read, and cuts it off otherwise.
        response.release() if response.content.is_eof() else response.close()
    return HttpAnswer(
        response.status, _readable(response.headers), _text(text), _milliseconds_since(began)
    )


@lru_cache(maxsize=64)
def _timeout(seconds: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=seconds, sock_connect=CONNECTING_SECONDS)


async def _beginning(content: aiohttp.StreamReader) -> bytes:
    """What came along with the head, and a little later: the head is what counts."""
    if content.is_eof():
        return content.read_nowait(_KEPT_BYTES)
    read = b""
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            while len(read) < _KEPT_BYTES and not content.at_eof():
                read += await content.read(_KEPT_BYTES - len(read))
    except (aiohttp.ClientError, OSError):
        pass
    return read


def _readable(headers: Mapping[str, str]) -> Mapping[str, str]:
    """Bytes that are no text are no text in a header either: neither JSON nor a table takes them.

    (aiohttp hands them on as halves of characters.)
    """
    if all(map(str.isascii, headers.values())):
        return headers
    return CIMultiDict(
        (name, _text(value.encode("utf-8", "surrogateescape"))) for name, value in headers.items()
    )


def _text(said: bytes) -> str:
    return said.decode("utf-8", "replace").replace("\0", "")


def _milliseconds_since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
