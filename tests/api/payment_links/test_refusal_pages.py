"""What is refused on the way to a pay page is a page as well, whoever refused it."""

import socket
from urllib.parse import urlsplit

import httpx
import pytest

from api.http.connection import Patience

SUMMER = {"name": "Summer Sale", "amount": 9900, "currency": "GHS"}


@pytest.fixture
def link(client):
    return client.post("/v1/payment-links", json=SUMMER).json()


def is_page(answer):
    """For people, in their words, with the policy of its own style."""
    return (
        answer.headers["Content-Type"].startswith("text/html")
        and "style-src 'sha256-" in answer.headers["Content-Security-Policy"]
        and 'role="alert"' in answer.text
    )


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_whoever_asks_too_often_is_told_so_on_a_page(new_server, method):
    server = new_server(rate_limit_public="1/minute")
    with httpx.Client(base_url=server.url) as payer:
        payer.get("/pay/lnk_any")

        refused = payer.request(method, "/pay/lnk_any")
        program = payer.get("/v1/pay/lnk_any")

    assert refused.status_code == 429
    assert is_page(refused)
    assert "Too much was asked at once" in refused.text
    assert int(refused.headers["Retry-After"]) > 0
    assert refused.headers["X-RateLimit-Remaining"] == "0"
    assert program.json()["code"] == "rate_limit_exceeded"


@pytest.mark.parametrize(
    ("method", "path", "status", "words"),
    [
        ("GET", "/pay/{code}/receipt", 404, "No page has this address"),
        ("GET", "/pay/", 404, "No page has this address"),
        ("PUT", "/pay/{code}", 405, "Open the link again"),
    ],
)
def test_what_no_route_knows_is_a_page_too(stranger, link, method, path, status, words):
    refused = stranger.request(method, path.format(code=link["code"]))

    assert refused.status_code == status
    assert is_page(refused)
    assert words in refused.text


def chunks():
    for _ in range(9):
        yield b"a" * 8192


@pytest.mark.parametrize("body", [b"a" * 70_000, chunks], ids=["said", "counted"])
def test_a_form_that_is_too_large_is_refused_on_a_page(stranger, link, body):
    refused = stranger.post(
        f"/pay/{link['code']}",
        content=body() if callable(body) else body,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )

    assert refused.status_code == 413
    assert is_page(refused)
    assert "write less into the form" in refused.text


def test_a_form_that_comes_too_slowly_is_refused_on_a_page(new_server):
    server = new_server(patience=Patience(header_seconds=0.2, body_seconds=0.2))
    host, port = urlsplit(server.url).netloc.split(":")

    with socket.create_connection((host, int(port)), timeout=30) as slow:
        slow.sendall(b"POST /pay/lnk_any HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\na")
        heard = b"".join(iter(lambda: slow.recv(65536), b"")).decode()

    assert heard.startswith("HTTP/1.1 408")
    assert "That took too long" in heard


def test_other_addresses_go_on_answering_programs(stranger):
    for path in ("/payments", "/v1/pay", "/pay"):
        refused = stranger.get(path)

        assert refused.status_code in (401, 404)
        assert refused.json()["message"]
