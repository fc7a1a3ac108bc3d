"""Spool: bytes that one writes and another reads, each at their own pace; they wait in a file."""

import asyncio
import os
from tempfile import TemporaryFile
from types import TracebackType
from typing import Self

from starlette.requests import ClientDisconnect


class Spool:
    """For one who writes and one who reads; the file is gone with the context."""

    def __init__(self) -> None:
        self._file = TemporaryFile()  # noqa: SIM115 (the spool is the context)
        self._written = 0
        self._read = 0
        self._ended = False
        self._abandoned = False
        self._error: Exception | None = None
        self._moved = asyncio.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        self._file.close()

    async def write(self, part: bytes) -> None:
        """Raises ClientDisconnect when nobody will read it."""
        if self._abandoned:
            raise ClientDisconnect
        await asyncio.to_thread(self._append, part)
        self._written += len(part)
        self._moved.set()

    def end(self, error: Exception | None = None) -> None:
        """No more is written; whoever has read all is told the error that ended it."""
        if not self._ended:
            self._ended, self._error = True, error
            self._moved.set()

    def abandon(self) -> None:
        """No more is read."""
        self._abandoned = True

    async def read(self, most: int) -> bytes:
        """What comes next, once there is any; nothing at the end. Raises what ended it."""
        while self._read == self._written and not self._ended:
            self._moved.clear()
            await self._moved.wait()
        size = min(most, self._written - self._read)
        if not size and self._error is not None:
            raise self._error
        found = await asyncio.to_thread(os.pread, self._file.fileno(), size, self._read)
        self._read += len(found)
        return found

    def _append(self, part: bytes) -> None:
        self._file.write(part)
        self._file.flush()
