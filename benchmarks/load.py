"""Load generator: clients that ask one HTTP server again and again, with little work of their own.

A process beside the server: `python load.py PORT CLIENTS SECONDS RATE < request` sends the request
it reads on and on, at most RATE times a second in all, and prints what it measured as JSON.
"""

import asyncio
import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

import uvloop


@dataclass(frozen=True)
class Measured:
    """Answers per second over all clients, how long one took, and how busy the client's core was.

    ``idle``: the share of the time in which this process had nothing to do; were it near 0, the
    clients would be measured and not the server.
    """

    per_second: float
    median_seconds: float
    p99_seconds: float
    idle: float


def measure(
    port: int,
    request: bytes,
    *,
    clients: int,
    seconds: float,
    most_per_second: float = float("inf"),
) -> Measured:
    """Lets ``clients`` connections ask at once for so long, from a process of their own.

    Raises RuntimeError when any answer is no success.
    """
    asked = [str(each) for each in (port, clients, seconds, most_per_second)]
    command = [sys.executable, str(Path(__file__)), *asked]
    done = subprocess.run(  # noqa: S603 (our own command line)
        command, input=request, capture_output=True, check=False, timeout=seconds + 60
    )
    if done.returncode:
        raise RuntimeError(done.stderr.decode())
    return Measured(**json.loads(done.stdout))


def post(path: str, body: dict[str, object], headers: dict[str, str]) -> bytes:
    """The bytes of a POST with a JSON body, on a connection that stays open."""
    text = json.dumps(body)
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += [f"Content-Length: {len(text)}", "", text]
    return "\r\n".join(lines).encode()


class Client(asyncio.Protocol):
    """One connection: the next request goes out as soon as the answer is whole."""

    def __init__(self, request: bytes, until: float, seconds_apart: float) -> None:
        self.durations: list[float] = []
        self._loop = asyncio.get_running_loop()
        self.closed = self._loop.create_future()
        self._request = request
        self._until = until
        self._seconds_apart = seconds_apart
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports say nothing of their kind.
        self._transport = cast(asyncio.Transport, transport)
        self._ask()

    def data_received(self, data: bytes) -> None:
        received = self._received = self._received + data
        head, blank, body = received.partition(b"\r\n\r\n")
        if not blank or len(body) < _length(head):
            return
        now = time.perf_counter()
        if head[9:10] != b"2":
            self._fail(RuntimeError(received.decode()))
            return
        self.durations.append(now - self._asked)
        self._received = b""
        if now > self._until:
            self.closed.set_result(None)
            self._transport.close()
        elif now - self._asked < self._seconds_apart:
            self._loop.call_later(self._seconds_apart + self._asked - now, self._ask)
        else:
            self._ask()

    def connection_lost(self, error: Exception | None) -> None:
        self._fail(error or ConnectionError("the server hung up"))

    def _ask(self) -> None:
        self._asked = time.perf_counter()
        self._transport.write(self._request)

    def _fail(self, error: Exception) -> None:
        if not self.closed.done():
            self.closed.set_exception(error)


def _length(head: bytes) -> int:
    found = head.lower().find(b"\r\ncontent-length:")
    return int(head[found + 17 :].split(b"\r\n", 1)[0]) if found >= 0 else 0


async def _ask_repeatedly(
    port: int, request: bytes, *, clients: int, seconds: float, most_per_second: float
) -> Measured:
    loop = asyncio.get_running_loop()
    began, worked = time.perf_counter(), time.process_time()
    made = [
        await loop.create_connection(
            lambda: Client(request, began + seconds, clients / most_per_second), "127.0.0.1", port
        )
        for _ in range(clients)
    ]
    await asyncio.gather(*(client.closed for _, client in made))
    elapsed = time.perf_counter() - began
    durations = sorted(duration for _, client in made for duration in client.durations)
    return Measured(
        len(durations) / elapsed,
        durations[len(durations) // 2],
        durations[int(len(durations) * 0.99)],
        1 - (time.process_time() - worked) / elapsed,
    )


if __name__ == "__main__":
    measured = uvloop.run(
        _ask_repeatedly(
            int(sys.argv[1]),
            sys.stdin.buffer.read(),
            clients=int(sys.argv[2]),
            seconds=float(sys.argv[3]),
            most_per_second=float(sys.argv[4]),
        )
    )
    json.dump(asdict(measured), sys.stdout)
