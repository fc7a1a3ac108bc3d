"""A receiver: a real HTTP server that keeps what it is sent and answers as it is told to.

It runs in a thread of its own, so that it may hang while whoever sends goes on.
"""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from background_loop import in_the_background


@dataclass(frozen=True)
class Received:
    """``headers`` by their names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    at: datetime


@dataclass(frozen=True)
class Answers:
    """``body_after``: seconds between head and body; ``cut``: the line is dropped within it."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"ok"
    body_after: float = 0
    cut: bool = False


@dataclass(frozen=True)
class Delays:
    """Takes its time, and then answers."""

    seconds: float
    status: int = 200


class Hangs:
    """Reads and says nothing."""


class Resets:
    """Drops the connection hard."""


class Closes:
    """Answers and closes the connection without having said so."""


class Mumbles:
    """Says what is no HTTP."""


Behaviour = Answers | Delays | Hangs | Resets | Closes | Mumbles


class _NoHttp(Exception):  # noqa: N818 (as others do, it tells them so)
    """Somebody speaks TLS here, say."""


class Receiver:
    """``received``: all requests in the order in which they came, each there before its answer."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.behave: Callable[[Received], Behaviour] = lambda _request: Answers()
        self.connections = 0
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while await self._serve_one(reader, writer):
                pass
        except _NoHttp:
            writer.write(_head(Answers(400)) + Answers().body)
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.close()

    async def _serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        request = await _read(reader)
        self.received.append(request)
        match self.behave(request):
            case Answers() as answer:
                writer.write(_head(answer))
                if answer.body_after:
                    await writer.drain()
                    await asyncio.sleep(answer.body_after)
                if answer.cut:
                    return False
                writer.write(answer.body)
                return True
            case Delays(seconds, status):
                await asyncio.sleep(seconds)
                writer.write(_head(Answers(status)) + Answers().body)
                return True
            case Hangs():
                await asyncio.sleep(3600)
            case Mumbles():
                writer.write(b"220 mail.example ESMTP\r\n")
            case Closes():
                writer.write(_head(Answers()) + Answers().body)
            case Resets():
                connection = writer.get_extra_info("socket")
                linger = struct.pack("ii", 1, 0)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        return False


@contextmanager
def receiving(
    *, port: int = 0, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> Iterator[Receiver]:
    receiver = Receiver()

    @asynccontextmanager
    async def serving(_loop: asyncio.AbstractEventLoop) -> AsyncIterator[None]:
        server = await asyncio.start_server(receiver.serve, host, port, ssl=tls, backlog=1000)
        receiver.port = server.sockets[0].getsockname()[1]
        yield
        server.close()

    with in_the_background(serving, name="receiver"):
        yield receiver


async def _read(reader: asyncio.StreamReader) -> Received:
    beginning = await reader.readexactly(1)
    if not beginning.isalpha():
        raise _NoHttp
    head = (beginning + await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")
    method, path, _ = first.split(" ")
    headers = {
        name.lower(): value.strip()
        for name, _, value in (line.partition(":") for line in lines if line)
    }
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Received(method, path, headers, body, datetime.now(UTC))


def _head(answer: Answers) -> bytes:
    headers = {"Content-Length": str(len(answer.body)), **answer.headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {answer.status} Said\r\n{lines}\r\n".encode("latin-1")
