"""Receivers of webhooks for benchmarks, with little work of their own, in a process beside.

`python receivers.py COUNT HANGING` listens on COUNT ports, of which the last HANGING never answer,
and prints them. For each line on its input it prints how many requests came to the others, and how
long after they were recorded, in seconds, those did that came since.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import uvloop

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
_END = b"\r\n\r\n"
_LENGTH = b"content-length:"
_RECORDED = b'"created_at":"'
_MOMENT = len("2026-11-28T12:00:00.000000Z")


@dataclass(frozen=True)
class Received:
    """``lags``: of those that came since it was asked before."""

    count: int
    lags: list[float]


class Receivers:
    """The process, as whoever started it sees it."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.ports: list[int] = json.loads(self._line())

    def received(self) -> Received:
        assert self._process.stdin is not None  # noqa: S101 (it was asked for)
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return Received(**json.loads(self._line()))

    def _line(self) -> str:
        assert self._process.stdout is not None  # noqa: S101 (it was asked for)
        return self._process.stdout.readline()


@contextmanager
def receivers(count: int, *, hanging: int = 0) -> Iterator[Receivers]:
    command = [sys.executable, str(Path(__file__)), str(count), str(hanging)]
    with subprocess.Popen(  # noqa: S603 (our own command line)
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Receivers(process)
        finally:
            process.kill()


class _Told:
    def __init__(self) -> None:
        self.count = 0
        self.lags: list[float] = []


class _Receiving(asyncio.Protocol):
    def __init__(self, told: _Told, *, hangs: bool) -> None:
        self._told = told
        self._hangs = hangs
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports say nothing of their kind.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(_END)) >= 0:
            head = self._received[:end].lower()
            length = int(head[head.index(_LENGTH) + len(_LENGTH) :].split(b"\r\n")[0])
            whole = end + len(_END) + length
            if len(self._received) < whole:
                return
            body, self._received = self._received[:whole], self._received[whole:]
            if not self._hangs:
                self._take(body)

    def _take(self, body: bytes) -> None:
        at = body.index(_RECORDED) + len(_RECORDED)
        recorded = datetime.fromisoformat(body[at : at + _MOMENT].decode())
        self._told.count += 1
        self._told.lags.append((datetime.now(UTC) - recorded).total_seconds())
        self._transport.write(_ANSWER)


async def _serve(count: int, hanging: int) -> None:
    loop, told, ports = asyncio.get_running_loop(), _Told(), []
    for number in range(count):
        hangs = number >= count - hanging
        server = await loop.create_server(
            lambda hangs=hangs: _Receiving(told, hangs=hangs),  # type: ignore[misc]
            "127.0.0.1",
            0,
            backlog=1024,
        )
        ports.append(server.sockets[0].getsockname()[1])
    print(json.dumps(ports), flush=True)
    while await loop.run_in_executor(None, sys.stdin.readline):
        lags, told.lags = told.lags, []
        print(json.dumps({"count": told.count, "lags": lags}), flush=True)


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1]), int(sys.argv[2])))
