"""What a client may send before anybody listens: how much, how slowly, on how many connections."""

import asyncio
import json
import re
import select
import socket
import threading
import time
from contextlib import ExitStack, suppress
from typing import Self
from urllib.parse import urlsplit

import httpx
import pytest
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.http.connection import LARGEST_HEADER_BYTES, LONGEST_URL_BYTES, Patience
from commands.key_format import InvalidApiKey

HASTE = Patience(header_seconds=0.3, body_seconds=0.3, most_connections=20)
PATIENCE_SECONDS = 20


class Conversation:
    """A connection on which anything may be said."""

    def __init__(self, url: str) -> None:
        where = urlsplit(url)
        self._socket = socket.create_connection((where.hostname, where.port), PATIENCE_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def say(self, *parts: bytes) -> "Conversation":
        """As much of it as the other side takes."""
        with suppress(BrokenPipeError, ConnectionResetError):
            for part in parts:
                self._socket.sendall(part)
        return self

    def heard(self) -> bytes:
        """Everything up to the end of the connection."""
        said = b""
        with suppress(ConnectionResetError):
            while part := self._socket.recv(65536):
                said += part
        return said

    def has_heard(self, *, within_seconds: float) -> bool:
        return bool(select.select([self._socket], [], [], within_seconds)[0])

    def refusal(self) -> tuple[int, dict[str, object], dict[str, str]]:
        """Status, body and headers of the one answer that is given."""
        head, _, body = self.heard().partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        headers = dict(re.split(r": ?", line.lower(), maxsplit=1) for line in lines[1:])
        return int(lines[0].split()[1]), json.loads(body), headers


@pytest.fixture
def talk(server):
    """Begins a conversation with the server of all tests."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(Conversation(server.url))


def header_of(length: int) -> bytes:
    head = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Long: "
    return head + b"a" * (length - len(head) - 4) + b"\r\n\r\n"


@pytest.mark.parametrize(
    ("said", "status", "code"),
    [
        ([header_of(LARGEST_HEADER_BYTES + 1)], 431, "header_too_large"),
        ([b"GET / HTTP/1.1\r\nX-Long: ", *[b"a" * 4096] * 100], 431, "header_too_large"),
        ([b"GET / HTTP/1.1\r\n", b"a: b\r\n" * 10_000], 431, "header_too_large"),
        ([b"\r\n" * 100_000], 431, "header_too_large"),
        ([b"GET /" + b"a" * LONGEST_URL_BYTES + b" HTTP/1.1\r\n\r\n"], 414, "uri_too_long"),
        ([b"GET /?", *[b"a" * 4096] * 100], 414, "uri_too_long"),
        ([b"nonsense\r\n\r\n"], 400, "bad_request"),
        ([b"GET /\xff\xfe HTTP/1.1\r\n\r\n"], 400, "bad_request"),
        ([b"GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"], 400, "bad_request"),
        ([b"CONNECT x:1 HTTP/1.1\r\n\r\n"], 400, "bad_request"),
        ([b"POST /v1/x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n!"], 400, "bad_request"),
    ],
)
def test_what_is_too_long_or_no_request_is_refused_as_everything_is(talk, said, status, code):
    answered, body, headers = talk().say(*said).refusal()

    assert (answered, body["code"]) == (status, code)
    assert body.keys() == {"error", "code", "message", "details"}
    assert headers["connection"] == "close"
    assert re.fullmatch(r"req_[0-9a-z]{26}", headers["x-request-id"])
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "said",
    [
        [header_of(LARGEST_HEADER_BYTES - 1)],
        [header_of(LARGEST_HEADER_BYTES - 1)[:9000], header_of(LARGEST_HEADER_BYTES - 1)[9000:]],
        [b"GET /healthz?" + b"a" * 8100 + b" HTTP/1.1\r\nConnection: close\r\n\r\n"],
        [b"GET /healthz HTTP/1.1\r\n\r\n" * 5 + header_of(5000)],
    ],
)
def test_what_is_just_short_enough_is_answered(talk, said):
    heard = talk().say(*said).heard()

    assert heard.startswith(b"HTTP/1.1 200 OK")
    assert b"431" not in heard


def test_a_body_in_very_many_chunks_is_put_together_once_for_all_that_came(talk, monkeypatch):
    """Else each chunk would copy all before it, and nobody else be answered meanwhile."""
    taken = []
    take = HttpToolsProtocol.on_body
    monkeypatch.setattr(
        HttpToolsProtocol, "on_body", lambda self, body: taken.append(body) or take(self, body)
    )
    head = b"POST /v1/pay/x/pay HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in b"[" + b" " * 10_000 + b"1]")

    status, body, _ = talk().say(head + chunks + b"0\r\n\r\n").refusal()

    assert (status, body["message"]) == (400, "body: must be a JSON object")
    assert b"".join(taken) == b"[" + b" " * 10_000 + b"1]"
    assert len(taken) < 100


def test_a_body_may_come_before_another_request_in_one_piece(talk):
    body = b" " * 60_000 + b"{}"
    first = b"POST /v1/customers HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(body) + body

    heard = talk().say(first + first + header_of(12_000)).heard()

    assert re.findall(rb"HTTP/1\.1 (\d+)", heard) == [b"401", b"401", b"200"]


@pytest.mark.parametrize(
    "endless", [b"0\r\nX-Long: " + b"a" * 40_000, b"1;" + b"a" * 40_000], ids=["trailer", "chunk"]
)
def test_what_is_neither_header_nor_body_has_a_bound_as_well(talk, endless):
    opening = b"POST /v1/pay/lnk_x/pay HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n"

    status, body, _ = talk().say(opening + endless).refusal()

    assert (status, body["code"]) == (431, "header_too_large")


def test_thousands_of_requests_that_wait_for_one_another_are_cut_off(talk, server):
    asked = b"GET /healthz HTTP/1.1\r\n\r\n"

    heard = talk().say(asked * 5000).heard()

    assert heard.count(b"HTTP/1.1 200") < 5000
    assert httpx.get(f"{server.url}/healthz").status_code == 200


@pytest.mark.parametrize(
    "said",
    [
        b"GET /healthz HTTP/1.1\r\nX-Slow: ",
        b"POST /v1/pay/lnk_x/pay HTTP/1.1\r\nContent-Length: 10\r\n\r\n{",
        b"POST /v1/pay/lnk_x/pay HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{",
    ],
    ids=["header", "body", "chunks"],
)
def test_what_does_not_come_in_time_is_not_waited_for(new_server, said):
    server = new_server(patience=HASTE)

    with Conversation(server.url) as slow:
        status, body, headers = slow.say(said).refusal()

    assert (status, body["code"]) == (408, "request_too_slow")
    assert "x-request-id" in headers


def test_a_header_that_comes_byte_by_byte_is_late_however_often_some_comes(new_server):
    server = new_server(patience=HASTE)

    with Conversation(server.url) as slow:
        slow.say(b"GET /healthz HTTP/1.1\r\nX-Slow: ")
        until = time.monotonic() + PATIENCE_SECONDS
        while not slow.has_heard(within_seconds=0.05) and time.monotonic() < until:
            slow.say(b"a")
        heard = slow.heard()

    assert heard.startswith(b"HTTP/1.1 408")


def test_who_says_nothing_at_all_is_not_waited_for(new_server):
    server = new_server(patience=HASTE)

    with Conversation(server.url) as silent:
        assert silent.heard() == b""


def test_a_body_that_nobody_reads_any_more_is_not_waited_for(new_server):
    server = new_server(patience=HASTE)

    with Conversation(server.url) as slow:
        heard = slow.say(b"POST /v1/customers HTTP/1.1\r\nContent-Length: 99\r\n\r\n{").heard()

    assert re.findall(rb"HTTP/1\.1 (\d+)", heard) == [b"401"]


def test_connections_that_wait_for_their_clients_give_way_to_new_ones(new_server):
    server = new_server(patience=Patience(most_connections=20))

    with ExitStack() as stack:
        for _ in range(60):
            half = stack.enter_context(Conversation(server.url))
            half.say(b"POST /pay/lnk_x HTTP/1.1\r\nContent-Length: 10\r\n\r\n{")
        with httpx.Client(base_url=server.url) as other:
            answers = [other.get("/healthz") for _ in range(5)]

    assert {answer.status_code for answer in answers} == {200}


def test_where_everybody_waits_for_an_answer_of_ours_nobody_else_gets_in(new_server):
    server = new_server(patience=Patience(most_connections=1))
    answering, answered = threading.Event(), asyncio.Event()

    async def long_lookup(*_args, **_named):
        answering.set()
        await answered.wait()
        raise InvalidApiKey

    server.parts.directory.principal = long_lookup
    with Conversation(server.url) as waiting:
        waiting.say(b"GET /v1/payments HTTP/1.1\r\nConnection: close\r\nX-Reevit-Key: x\r\n\r\n")
        assert answering.wait(PATIENCE_SECONDS)
        with Conversation(server.url) as third:
            status, body, headers = third.refusal()
        server.loop.call_soon_threadsafe(answered.set)
        heard = waiting.heard()

    assert (status, body["code"]) == (503, "too_many_connections")
    assert int(headers["retry-after"]) >= 1
    assert heard.startswith(b"HTTP/1.1 401")
