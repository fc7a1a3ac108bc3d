"""Connection: what a client may send before anybody listens, how much of it, and how slowly."""

import asyncio
from dataclasses import dataclass
from math import inf
from typing import Any, Final, cast

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from api.http.addresses import counted_as
from api.http.connection_refusals import (
    header_too_large,
    malformed,
    no_place,
    too_slow,
    url_too_long,
)
from api.http.crowding import made_room
from api.http.errors import ApiError
from api.http.request_state import REFUSED

LARGEST_HEADER_BYTES: Final = 16 * 1024
LONGEST_URL_BYTES: Final = 8 * 1024

# In the scope of a request whose answer does not end by itself.
ENDLESS: Final = "whence.endless"

# So many requests may wait on one connection for the answer to another.
_MOST_WAITING: Final = 32
# Whoever is refused may still be sending, and would not read the answer if nobody took it.
_LINGERING_SECONDS: Final = 2


@dataclass(frozen=True)
class Patience:
    """How long a client may take to send a header, and then a body, or to read on.

    Of all clients so many may be connected at once: ``most_connections``.
    """

    header_seconds: float = 10
    body_seconds: float = 30
    most_connections: int = 1000


class Connection(HttpToolsProtocol):
    """One connection of HTTP/1.1: uvicorn's, with bounds on what it may cost.

    What is refused is answered by the application, which is told why instead of a request.
    """

    def __init__(self, *given: Any, patience: Patience, **named: Any) -> None:
        super().__init__(*given, **named)
        self._patience = patience
        # By when the client owes us something, and when it was last heard; inf: it owes nothing.
        self._due = inf
        self.heard_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        # Bytes that have completed nothing yet: no header, no part of a body, no message.
        self._pending = 0
        self._completed = 0
        # What a piece brings of a body: each chunk by itself would copy all before it.
        self._parts: list[bytes] = []
        self._refusal: ApiError | None = None
        self.url = b""
        self._is_refused = False
        self._unread: asyncio.TimerHandle | None = None

    @property
    def holder(self) -> str:
        """Whose connection it is, as callers are counted."""
        return counted_as(self.client[0]) if self.client else ""

    @property
    def owes(self) -> bool:
        """Whether the client has to say something; else it waits for an answer."""
        return self._due != inf or self.cycle is None or self.cycle.response_complete

    def cut(self) -> None:
        self.connections.discard(self)
        self.transport.abort()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.heard_at = self.loop.time()
        self._expect(self._patience.header_seconds)
        if len(self.connections) > self._patience.most_connections:
            others = cast(set[Connection], self.connections) - {self}
            if not made_room(others):
                self._refuse(no_place())

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        for timer in (self._timer, self._unread):
            if timer is not None:
                timer.cancel()

    def shutdown(self) -> None:
        """What would not end by itself is ended; whoever reads it comes back."""
        super().shutdown()
        if self.cycle is not None and self.cycle.scope.get(ENDLESS):
            self.transport.close()

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        self.heard_at = self.loop.time()
        if self._due == inf:
            self._expect(self._patience.header_seconds)
        if len(data) < LARGEST_HEADER_BYTES - self._pending:
            self._feed(data)
        else:
            self._feed_in_pieces(memoryview(data))
            self._let_others_in()

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > LONGEST_URL_BYTES:
            self._stop(url_too_long(LONGEST_URL_BYTES))

    def on_headers_complete(self) -> None:
        self._completed += 1
        self._due = self.heard_at + self._patience.body_seconds
        super().on_headers_complete()
        if len(self.pipeline) > _MOST_WAITING:
            self._stop(malformed("too many requests at once"))

    def on_body(self, body: bytes) -> None:
        self._completed += 1
        self._parts.append(body)

    def on_message_complete(self) -> None:
        self._hand_over()
        self._completed += 1
        self._due = inf
        super().on_message_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._await_reader(self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _feed_in_pieces(self, data: memoryview) -> None:
        while data and not self._is_refused:
            room = LARGEST_HEADER_BYTES - self._pending
            self._feed(data[:room])
            data = data[room:]

    def _feed(self, piece: bytes | memoryview) -> None:
        if self._is_refused:
            return
        completed = self._completed
        try:
            self.parser.feed_data(piece)
        except httptools.HttpParserUpgrade:
            pass  # nothing else is spoken here: it is answered as if it had not been asked for
        except httptools.HttpParserError:
            self._refuse(self._refusal or malformed("this is not HTTP"))
            return
        self._hand_over()
        # Where the piece has completed something, what came after that begins to count.
        self._pending = self._pending + len(piece) if completed == self._completed else 0
        if self._pending >= LARGEST_HEADER_BYTES:
            self._refuse(header_too_large(LARGEST_HEADER_BYTES))

    def _let_others_in(self) -> None:
        """Who sends much is read again in the next turn; else libuv reads it 32 times in one."""

        def read_on() -> None:
            if not self.transport.is_closing():
                self.flow.resume_reading()

        if not (self.flow.read_paused or self.transport.is_closing()):
            self.flow.pause_reading()
            self.loop.call_soon(read_on)

    def _hand_over(self) -> None:
        if self._parts:
            super().on_body(b"".join(self._parts))
            self._parts = []

    def _stop(self, refusal: ApiError) -> None:
        """Stops the parser from one of its callbacks."""
        self._refusal = refusal
        raise ValueError(refusal.message)

    def _refuse(self, refusal: ApiError) -> None:
        self._is_refused = True
        self._due = inf
        # Where it leads: those who ask for a page are shown one.
        place = self.url.partition(b"?")[0].decode("latin-1")
        going_on = self.cycle is not None and not self.cycle.response_complete
        if self.pipeline or (going_on and self.cycle.response_started):
            self.transport.abort()
            return
        if going_on:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        else:
            self.on_message_begin()  # of whatever has come, nothing is believed
        self.flow.resume_reading()
        self._answer(refusal, place)

    def _answer(self, refusal: ApiError, place: str) -> None:
        nothing = {"method": "GET", "path": place, "raw_path": b"", "query_string": b""}
        self.cycle = RequestResponseCycle(
            scope=cast(Any, {**nothing, **self.scope, REFUSED: refusal}),
            transport=cast(Any, _Lingering(self.transport, self.loop)),
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=False,
            keep_alive=False,
            on_response=lambda: None,
        )
        self._start_asgi_task(self.cycle, self.app)

    def _expect(self, seconds: float) -> None:
        """One timer for the life of the connection; most often it finds that nothing is due."""
        self._due = self.heard_at + seconds
        if self._timer is None:
            self._timer = self.loop.call_at(self._due, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._due == inf or self.transport.is_closing():
            return
        if self.loop.time() < self._due:
            self._timer = self.loop.call_at(self._due, self._look)
        elif self._has_begun():
            self._refuse(too_slow())
        else:
            self.transport.close()

    def _has_begun(self) -> bool:
        """Whether there is a request to answer: one that was answered needs no other word."""
        if self.cycle is not None and not self.cycle.response_complete:
            return True
        return self._pending > 0

    def _await_reader(self, left: int) -> None:
        """Cuts the connection of somebody who takes nothing for as long as a body may take."""

        def look() -> None:
            still_left = self.transport.get_write_buffer_size()
            if still_left >= left:
                self.transport.abort()
            else:
                self._await_reader(still_left)

        self._unread = self.loop.call_later(self._patience.body_seconds, look)


class _Lingering:
    """What an answer is written to whose reader is still writing: closed a little later."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self.write = transport.write
        self.is_closing = transport.is_closing

    def close(self) -> None:
        if not self._transport.is_closing():
            self._transport.write_eof()
            self._loop.call_later(_LINGERING_SECONDS, self._transport.abort)
