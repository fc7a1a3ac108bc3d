"""One client alone, however it goes about it, keeps no other waiting."""

import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from itertools import repeat
from urllib.parse import urlsplit

import httpx
import psutil
import pytest
from server import Shop

ATTACKING_SECONDS = 0.5
PATIENCE_SECONDS = 60
MEGABYTE = 1024 * 1024
CHUNKED = b"POST /v1/pay/lnk_x/pay HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
MUCH = b"a" * MEGABYTE
PREFLIGHT = {"Origin": "https://a.example", "Access-Control-Request-Method": "POST"}


def connected(shop: Shop, stack: ExitStack | None = None) -> socket.socket:
    where = urlsplit(shop.url)
    client = socket.create_connection((where.hostname, where.port), PATIENCE_SECONDS)
    return stack.enter_context(client) if stack else client


def forced_upon(shop: Shop, *begun: bytes, then: Iterable[bytes] = ()) -> bytes:
    """Sends as long as it is taken, and for so long at most; what is answered to it."""
    until = time.monotonic() + ATTACKING_SECONDS
    with connected(shop) as client:
        with suppress(OSError):
            for part in begun:
                client.sendall(part)
            for part in then:
                client.sendall(part)
                if time.monotonic() > until:
                    break
        return heard_by(client)


def heard_by(client: socket.socket) -> bytes:
    said = b""
    with suppress(OSError):
        while part := client.recv(65536):
            said += part
    return said


def memory_of(shop: Shop) -> int:
    """Bytes that its server has."""
    return int(psutil.Process(shop.server.pid).memory_info().rss)


def at_once(count: int, attack: Callable[[], object]) -> None:
    attackers = [threading.Thread(target=attack) for _ in range(count)]
    for attacker in attackers:
        attacker.start()
    for attacker in attackers:
        attacker.join()


@pytest.mark.parametrize(
    ("begun", "status"),
    [
        (b"GET /healthz HTTP/1.1\r\nX-Endless: ", b"431"),
        (b"GET /", b"414"),
        (b"GET /?q=", b"414"),
        (CHUNKED + b"2\r\n{}\r\n0\r\nX-Endless: ", b"431"),
        (CHUNKED + b"1;endless=", b"431"),
    ],
    ids=["header", "address", "query", "trailer", "extension of a chunk"],
)
def test_what_never_ends_is_refused_early(unlimited, watched, begun, status):
    with watched(unlimited):
        heard = forced_upon(unlimited, begun, then=repeat(MUCH))

    assert heard.startswith(b"HTTP/1.1 " + status)


def test_very_many_headers_are_too_many(unlimited, watched):
    with watched(unlimited):
        heard = forced_upon(unlimited, b"GET / HTTP/1.1\r\n", then=repeat(b"a: b\r\n" * 100_000))

    assert heard.startswith(b"HTTP/1.1 431")


def test_a_body_that_comes_in_chunks_of_one_byte(unlimited, watched):
    with watched(unlimited):
        heard = forced_upon(unlimited, CHUNKED, then=repeat(b"1\r\n \r\n" * 100_000))

    assert heard.startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize("path", ["/pay/lnk_nobody", "/v1/pay/lnk_nobody/pay"])
def test_ten_megabytes_of_percent_signs_to_a_link_that_does_not_exist(unlimited, watched, path):
    form = b"a=" + b"%" * (10 * MEGABYTE)
    before = memory_of(unlimited)

    with watched(unlimited):
        answer = httpx.post(unlimited.url + path, content=form, timeout=PATIENCE_SECONDS)
        unmeasured = httpx.post(
            unlimited.url + path,
            content=(form[start : start + 65536] for start in range(0, len(form), 65536)),
            timeout=PATIENCE_SECONDS,
        )

    assert (answer.status_code, unmeasured.status_code) == (413, 413)
    assert memory_of(unlimited) - before < 100 * MEGABYTE


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/pay/lnk_nobody", b"a=" + b"%" * 65_000),
        ("/pay/lnk_nobody", b"a=" + b"%d8" * 19_000),
        ("/v1/pay/lnk_nobody/pay", b'{"a":[' + b"1.5," * 16_000 + b"1]}"),
        ("/v1/pay/lnk_nobody/pay", b"[" * 65_000),
    ],
    ids=["percent signs", "escapes", "fractions", "brackets"],
)
def test_the_costliest_bodies_that_anybody_may_send(unlimited, watched, path, body):
    until = time.monotonic() + ATTACKING_SECONDS
    statuses = Counter()

    def attack() -> None:
        with httpx.Client(base_url=unlimited.url, timeout=PATIENCE_SECONDS) as client:
            while time.monotonic() < until:
                statuses[client.post(path, content=body).status_code] += 1

    with watched(unlimited):
        at_once(2, attack)

    assert set(statuses) <= {400, 404}


@pytest.mark.parametrize("value", [b"[]", b"{}", b"1.5"], ids=["lists", "objects", "fractions"])
def test_a_megabyte_of_very_many_values(unlimited, watched, value):
    body = b'{"metadata":{"a":[' + (value + b",") * (MEGABYTE // (len(value) + 2)) + b"1]}}"

    with watched(unlimited), httpx.Client(timeout=PATIENCE_SECONDS) as client:
        answers = [
            client.post(
                f"{unlimited.url}/v1/customers",
                content=body,
                headers={"X-Reevit-Key": unlimited.test_key},
            )
            for _ in range(3)
        ]

    assert {answer.status_code for answer in answers} == {400}
    assert "20000 values" in answers[0].json()["message"]


@pytest.mark.parametrize(
    "half",
    [
        b"",
        b"GET /healthz HTTP/1.1\r\nX-Slow: ",
        b"POST /pay/lnk_x HTTP/1.1\r\nContent-Length: 60000\r\n\r\na=",
    ],
    ids=["nothing", "half a header", "half a body"],
)
def test_forty_clients_who_send_half_and_wait_are_soon_gone(unlimited, watched, half):
    with watched(unlimited), ExitStack() as stack:
        clients = [connected(unlimited, stack) for _ in range(40)]
        for client in clients:
            client.sendall(half)
        heard = [heard_by(client) for client in clients]

    assert {each[:12] for each in heard} == ({b"HTTP/1.1 408"} if half else {b""})


def test_three_times_as_many_connections_as_there_are_places(unlimited, watched):
    with watched(unlimited), ExitStack() as stack:
        for _ in range(300):
            with suppress(OSError):
                connected(unlimited, stack).sendall(b"GET /healthz HTTP/1.1\r\nX-Slow: ")
        there = psutil.Process(unlimited.server.pid).net_connections()
        time.sleep(0.3)

    assert sum(each.status == psutil.CONN_ESTABLISHED for each in there) <= 110


def test_twenty_thousand_requests_in_one_breath(unlimited, watched):
    with watched(unlimited):
        heard = forced_upon(unlimited, b"GET /v1/payments HTTP/1.1\r\n\r\n" * 20_000)

    assert len(re.findall(rb"HTTP/1\.1 401", heard)) < 20_000


def test_clients_who_read_nothing_of_what_they_ask_for_are_cut(unlimited, watched):
    asked = b"GET /openapi.json HTTP/1.1\r\n\r\n"

    def established() -> int:
        there = psutil.Process(unlimited.server.pid).net_connections()
        return sum(each.status == psutil.CONN_ESTABLISHED for each in there)

    with watched(unlimited), ExitStack() as stack:
        for _ in range(5):
            client = connected(unlimited, stack)
            client.sendall(asked * 30)
            assert client.recv(1) == b"H"  # it is being answered
        until = time.monotonic() + PATIENCE_SECONDS
        while (left := established()) > 1 and time.monotonic() < until:
            time.sleep(0.05)

    assert left <= 1


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/v1/payments", {"X-Reevit-Key": "pfk_test_" + "0" * 52 + "." + "a" * 43}),
        ("GET", "/v1/payments", {"X-Reevit-Key": "sk_test_0123456789abcdef"}),
        ("GET", "/readyz", {}),
        ("GET", "/metrics", {}),
        ("GET", "/openapi.json", {}),
        ("GET", "/pay/lnk_nobody", {}),
        ("OPTIONS", "/v1/payments", PREFLIGHT),
    ],
    ids=["guessed key", "foreign key", "readiness", "metrics", "document", "page", "preflight"],
)
def test_whoever_asks_again_and_again_is_refused(limited, watched, method, path, headers):
    assert asked_with_a_key(limited) == 200
    statuses = Counter()

    def attack() -> None:
        with httpx.Client(base_url=limited.url, timeout=PATIENCE_SECONDS) as client:
            for _ in range(90):
                statuses[client.request(method, path, headers=headers).status_code] += 1

    with watched(limited):
        at_once(4, attack)

    assert statuses[429] >= 60
    assert asked_with_a_key(limited) == 200


def asked_with_a_key(shop: Shop) -> int:
    headers = {"X-Reevit-Key": shop.test_key}
    answer = httpx.get(f"{shop.url}/v1/payments", headers=headers, timeout=PATIENCE_SECONDS)
    return answer.status_code
