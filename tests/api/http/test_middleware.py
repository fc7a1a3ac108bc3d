"""What every answer carries, whatever was asked."""

import re
import socket
from urllib.parse import urlsplit

import httpx
import pytest
from request_log import logged_requests
from waiting import awaited

SECURITY = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "strict-origin-when-cross-origin",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/healthz", 200),
        ("GET", "/v1/customers", 200),
        ("POST", "/v1/customers", 201),
        ("GET", "/v1/customers/cus_nobody", 404),
        ("GET", "/v1/nothing", 404),
        ("GET", "/v1/customers/", 404),
        ("PUT", "/v1/customers", 405),
        ("GET", "/v1/payments?limit=x", 400),
    ],
)
def test_every_answer_has_a_request_id_and_security_headers(client, method, path, status):
    answer = client.request(method, path)

    assert answer.status_code == status
    assert re.fullmatch(r"req_[0-9a-z]{26}", answer.headers["X-Request-Id"])
    assert SECURITY.items() <= dict(answer.headers).items()
    # Other names of the domain may be served by others, without TLS.
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    assert "permissions-policy" in answer.headers


def test_every_error_has_the_four_keys_and_flat_details(client):
    for path in ("/v1/nothing", "/v1/customers/cus_x", "/v1/payments?limit=0"):
        body = client.get(path).json()

        assert body.keys() == {"error", "code", "message", "details"}
        assert all(not isinstance(value, (dict, list)) for value in body["details"].values())


def test_a_method_a_path_does_not_know_is_answered_with_those_it_knows(client):
    answer = client.put("/v1/customers/cus_x")

    assert answer.status_code == 405
    assert answer.headers["Allow"] == "DELETE, GET, PATCH"


def test_nobody_is_sent_elsewhere_for_a_trailing_slash(client):
    assert client.post("/v1/customers/", json={}).status_code in {404, 405}


def test_a_command_tells_its_position_and_a_query_has_reached_it(client):
    position = int(client.post("/v1/customers", json={}).headers["Whence-Position"])

    seen = client.get("/v1/customers")

    assert int(seen.headers["Whence-Position"]) >= position
    assert "Whence-Behind" not in seen.headers


MEGABYTE = 1024 * 1024


def chunks(bytes_in_all):
    return (b" " * 4096 for _ in range(bytes_in_all // 4096))


@pytest.mark.parametrize("content", [b" " * (MEGABYTE + 1), chunks(MEGABYTE + 4096)])
def test_a_body_larger_than_a_megabyte_is_refused(client, content):
    answer = client.post("/v1/customers", content=content)

    assert answer.status_code == 413
    assert answer.json()["code"] == "payload_too_large"
    assert answer.json()["details"] == {"limit": MEGABYTE}


def test_a_body_of_a_megabyte_is_read(client):
    answer = client.post("/v1/customers", content=b" " * (MEGABYTE - 2) + b"{}")

    assert answer.status_code == 201


FOR_PROGRAMS = ["/v1/pay/lnk_x/pay", "/v1/checkout/sessions/cs_x/select"]
PUBLIC = [*FOR_PROGRAMS, "/pay/lnk_x"]


@pytest.mark.parametrize(
    "path", [*FOR_PROGRAMS, "/v1/payments/pay_x/confirm-intent?client_secret=x"]
)
def test_whoever_shows_no_key_may_send_64_kilobytes(stranger, path):
    answer = stranger.post(path, content=b"a=" + b"%" * 65_536)

    assert answer.status_code == 413
    assert answer.json()["details"] == {"limit": 65_536}


@pytest.mark.parametrize("path", PUBLIC)
def test_a_body_that_does_not_say_how_long_it_is_is_counted_as_it_comes(stranger, path):
    answer = stranger.post(path, content=chunks(65_536 + 4096))

    assert answer.status_code == 413


def test_what_is_too_large_is_refused_before_anybody_looks_at_the_key(server):
    def looked_up(*_args, **_named):
        raise AssertionError("the key was looked up")

    proving, server.parts.directory.principal = server.parts.directory.principal, looked_up
    try:
        answer = httpx.post(
            f"{server.url}/v1/customers",
            content=b" " * (MEGABYTE + 1),
            headers={"X-Reevit-Key": "pfk_test_guess"},
        )
    finally:
        server.parts.directory.principal = proving

    assert answer.status_code == 413


def test_a_fault_of_ours_is_answered_without_its_secrets_and_logged(new_server, log):
    def broken(*_args, **_named):
        raise RuntimeError("the password is hunter2")

    server = new_server(request_id=_counting())
    server.parts.views.ask = broken
    merchant = server.found("Ama's shop")

    answer = httpx.get(f"{server.url}/v1/payments", headers={"X-Reevit-Key": merchant.keys["test"]})

    assert answer.status_code == 500
    assert answer.json() == {
        "error": "server_error",
        "code": "server_error",
        "message": "something went wrong on our side",
        "details": {},
    }
    assert SECURITY.items() <= dict(answer.headers).items()
    failed = [entry for entry in log if entry["event"] == "request_failed"]
    assert [entry["request_id"] for entry in failed] == [answer.headers["X-Request-Id"]]


@pytest.mark.parametrize(
    "path",
    [
        "/v1/payments?cursor=nonsense",
        "/v1/payments/stats/series?tz=Mars/Olympus",
        "/v1/customers/cus_x",
        "/v1/customers/a%00b",
    ],
)
def test_what_a_client_gets_wrong_is_no_fault_of_ours_in_the_log(client, log, path):
    answer = client.get(path)

    assert 400 <= answer.status_code < 500
    assert "request_failed" not in {entry["event"] for entry in log}


def test_requests_are_logged_by_route_without_keys_and_personal_data(client, merchant, log):
    client.get("/v1/customers/lookup", params={"external_id": "ama@example.com"})
    client.get("/v1/customers/external/ama@example.com")

    requests = logged_requests(log, 2)
    assert [entry["route"] for entry in requests] == [
        "/v1/customers/lookup",
        "/v1/customers/external/{external_id}",
    ]
    assert {entry["status"] for entry in requests} == {404}
    assert {entry["book"] for entry in requests} == {f"{merchant.org_id}/test"}
    assert "ama@example.com" not in str(log)
    assert merchant.founded.keys["test"] not in str(log)


def test_who_only_looks_whether_we_are_there_fills_no_log(stranger, log):
    stranger.get("/healthz")

    requests = logged_requests(log, 1)
    assert [(entry["route"], entry["log_level"]) for entry in requests] == [("/healthz", "debug")]


def test_every_request_is_counted_by_route_method_and_status(new_server):
    class Counted:
        def __init__(self):
            self.seen = []

        def observe(self, route, method, status, seconds):
            self.seen.append((route, method, status, seconds >= 0))

    metrics = Counted()
    server = new_server(metrics=metrics)

    httpx.get(f"{server.url}/v1/payments/pay_x")
    httpx.get(f"{server.url}/nothing")
    httpx.request("TRACE", f"{server.url}/nothing")

    awaited(lambda: len(metrics.seen) >= 3, every_seconds=0.01)
    assert metrics.seen == [
        ("refused", "GET", 401, True),
        ("unknown", "GET", 404, True),
        ("unknown", "OTHER", 404, True),
    ]


def test_a_header_of_the_client_never_becomes_one_of_ours(server):
    where = urlsplit(server.url)
    request = (
        b"GET /v1/nothing%0d%0aSet-Cookie:%20a=b HTTP/1.1\r\nHost: x\r\n"
        b"X-Request-Id: req_1\x0b\r\nOrigin: x%0d%0aEvil: 1\r\nConnection: close\r\n\r\n"
    )

    with socket.create_connection((where.hostname, where.port)) as connection:
        connection.sendall(request)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))

    head = answer.partition(b"\r\n\r\n")[0].lower()
    assert b"set-cookie" not in head
    assert b"evil" not in head


def _counting():
    numbers = iter(range(1000))
    return lambda: f"req_{next(numbers):026}"
