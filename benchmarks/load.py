"""Clients that ask one HTTP server again and again, with little work of their own."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Measured:
    """Requests per second over all clients, and the 99th percentile of one answer in seconds."""

    per_second: float
    p99_seconds: float


async def ask_repeatedly(
    port: int, request: Callable[[], bytes], *, clients: int, seconds: float
) -> Measured:
    """Keeps ``clients`` connections busy; raises RuntimeError on any answer that is no success."""
    durations: list[float] = []
    began = time.perf_counter()
    until = began + seconds

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.perf_counter() < until:
            asked = time.perf_counter()
            writer.write(request())
            head = await reader.readuntil(b"\r\n\r\n")
            if head[9:10] != b"2":
                raise RuntimeError(head.decode())
            await reader.readexactly(_length(head))
            durations.append(time.perf_counter() - asked)
        writer.close()

    await asyncio.gather(*(client() for _ in range(clients)))
    elapsed = time.perf_counter() - began
    durations.sort()
    return Measured(len(durations) / elapsed, durations[int(len(durations) * 0.99)])


def post(path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """The bytes of a POST with a JSON body, on a connection that stays open."""
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += [f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line[15:])
    return 0
