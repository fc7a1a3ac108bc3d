"""Whom the service believes who it speaks for, and for how long it listens."""

import resource
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from whence.connections import make_room_for


@pytest.mark.parametrize(
    ("trusted", "answers"),
    [
        ("127.0.0.1", [401, 401, 429, 429, 401]),
        ("127.0.0.0/8,203.0.113.9", [401, 401, 429, 401, 401]),
        ("10.0.0.7", [401, 429, 429, 429, 429]),
        ("", [401, 429, 429, 429, 429]),
    ],
)
def test_only_a_trusted_proxy_is_believed_for_whom_it_asks(start, trusted, answers):
    service = start("serve", WHENCE_TRUSTED_PROXIES=trusted, WHENCE_RATE_LIMIT_PUBLIC="1/minute")
    service.answer("/healthz")

    asked = [
        httpx.get(f"{service.url}/v1/payments", headers={"X-Forwarded-For": named})
        for named in (
            "203.0.113.1",
            "203.0.113.9",
            "198.51.100.1, 203.0.113.1",
            "198.51.100.2, 203.0.113.9",
            "2001:db8::1",
        )
    ]

    assert [answer.status_code for answer in asked] == answers


def test_how_long_it_listens_and_for_how_long_it_stays_is_set(start):
    service = start("serve", WHENCE_HEADER_SECONDS="0.3", WHENCE_IDLE_SECONDS="1")
    service.answer("/healthz")
    where = urlsplit(service.url)

    with socket.create_connection((where.hostname, where.port), 20) as slow:
        slow.sendall(b"GET /healthz HTTP/1.1\r\nX-Slow: ")
        late = slow.makefile("rb").readline()
    with socket.create_connection((where.hostname, where.port), 20) as idle:
        idle.sendall(b"GET /healthz HTTP/1.1\r\n\r\n")
        heard = idle.makefile("rb").read()

    assert late.startswith(b"HTTP/1.1 408")
    assert heard.startswith(b"HTTP/1.1 200")


@pytest.fixture
def files() -> Iterator[int]:
    """How many this process may have open at most, if it asks for more than it has."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_as_many_files_may_be_open_as_there_are_connections(files):
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, files))

    assert make_room_for(600) == 600
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 856


def test_where_files_are_limited_there_are_as_many_connections_as_fit(files):
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, files))

    assert make_room_for(files * 2) == files - 256
