"""Whoever is turned away again and again fills no log, and is counted in it."""

import socket
from urllib.parse import urlsplit

import httpx
from request_log import logged_requests


def test_who_asks_too_often_is_one_line_of_the_log(new_server, log):
    server = new_server(rate_limit_per_key="1/hour")
    key = {"X-Reevit-Key": server.found("Ama").keys["test"]}

    with httpx.Client(base_url=server.url, headers=key) as client:
        answers = [client.get("/v1/payments").status_code for _ in range(9)]

    assert answers == [200] + [429] * 8
    assert len(logged_requests(log, 1, status=429)) == 1
    assert len(logged_requests(log, 1, status=200)) == 1


def test_what_strangers_send_that_is_of_no_use_is_one_line_for_each_kind(server, log):
    where = urlsplit(server.url)
    rubbish = b"GET / HTTP/1.1\r\n\x00\x01\r\n\r\n"
    for sent in [rubbish, b"GET /v1/payments?a=%00 HTTP/1.1\r\nHost: x\r\n\r\n"] * 5:
        with socket.create_connection((where.hostname, where.port)) as connection:
            connection.sendall(sent)
            assert connection.recv(9) == b"HTTP/1.1 "
    with httpx.Client(base_url=server.url) as client:
        for number in range(5):
            client.get(f"/nothing/{number}")
            client.get(f"/pay/nobody-{number}")

    logged_requests(log, 2, status=404)

    said = [(entry["route"], entry["status"]) for entry in log if entry["event"] == "request"]
    assert sorted(said) == sorted(set(said))
    assert ("unknown", 404) in said


def test_what_a_key_gets_wrong_is_said_every_time(client, log):
    """Whoever runs the shop looks for it there."""
    for _ in range(3):
        client.get("/v1/payments?limit=x")
        client.get("/v1/payments/pay_nobody")

    assert len(logged_requests(log, 3, status=400)) == 3
    assert len(logged_requests(log, 3, status=404)) == 3
