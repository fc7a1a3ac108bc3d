"""How often one caller may ask."""

import time

import httpx
import pytest

from api.http.addresses import counted_as
from api.http.rate_limits import RateLimit


def test_a_key_has_its_own_allowance(new_server):
    server = new_server(rate_limit_per_key="3/minute")
    ama, kofi = (server.found(name).keys["test"] for name in ("Ama", "Kofi"))

    answers = [httpx.get(f"{server.url}/v1/payments", headers=_key(ama)) for _ in range(4)]
    other = httpx.get(f"{server.url}/v1/payments", headers=_key(kofi))

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["X-RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0"]
    assert {answer.headers["X-RateLimit-Limit"] for answer in answers} == {"3"}
    assert other.status_code == 200


def test_who_asks_too_often_is_told_when_to_come_back(new_server):
    server = new_server(rate_limit_per_key="1/minute")
    key = server.found("Ama").keys["test"]

    httpx.get(f"{server.url}/v1/payments", headers=_key(key))
    answer = httpx.get(f"{server.url}/v1/payments", headers=_key(key))

    body = answer.json()
    assert (body["error"], body["code"]) == ("rate_limited", "rate_limit_exceeded")
    assert 1 <= int(answer.headers["Retry-After"]) <= 61
    assert body["retry_after"] == int(answer.headers["Retry-After"])
    assert time.time() <= int(answer.headers["X-RateLimit-Reset"]) <= time.time() + 61


def test_callers_without_a_good_key_share_the_allowance_of_their_address(new_server):
    server = new_server(rate_limit_public="2/minute")

    answers = [httpx.get(f"{server.url}/v1/payments", headers=_key(f"guess {n}")) for n in range(3)]

    assert [answer.status_code for answer in answers] == [401, 401, 429]


def test_health_is_answered_whatever_the_limit(new_server):
    server = new_server(rate_limit_public="1/minute")

    answers = [httpx.get(f"{server.url}/healthz") for _ in range(3)]

    assert {answer.status_code for answer in answers} == {200}
    assert {answer.headers["X-RateLimit-Limit"] for answer in answers} == {"1"}


def test_a_limit_can_be_turned_off(new_server):
    server = new_server(rate_limit_public="off")

    answer = httpx.get(f"{server.url}/v1/payments")

    assert "X-RateLimit-Limit" not in answer.headers


def test_a_rule_that_cannot_be_read_is_refused_at_once():
    with pytest.raises(ValueError, match="often"):
        RateLimit("often")


def test_an_allowance_is_new_in_the_next_window():
    limit = RateLimit("1/second")

    used = [limit.hit("ama").allowed for _ in range(2)]
    time.sleep(1.05)
    renewed = limit.hit("ama").allowed

    assert used == [True, False]
    assert renewed is True


def test_windows_that_have_ended_are_forgotten():
    limit = RateLimit("1/second")
    for caller in ("ama", "kofi"):
        limit.hit(caller)

    time.sleep(1.05)
    limit.hit("esi")

    assert len(limit) == 1


def test_however_many_ask_only_so_many_are_remembered():
    limit = RateLimit("1/minute", most_callers=100)

    for number in range(1000):
        limit.hit(f"caller {number}")

    assert len(limit) == 100
    assert not limit.hit("caller 999").allowed


def test_what_is_taken_back_was_never_counted():
    limit = RateLimit("1/minute")
    limit.hit("ama")

    limit.take_back("ama")

    assert limit.hit("ama").allowed


@pytest.mark.parametrize(
    ("address", "caller"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("localhost", "unknown"),
        ("1" * 1000, "unknown"),
    ],
)
def test_an_address_is_counted_by_what_one_caller_has_of_them(address, caller):
    assert counted_as(address) == caller


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/docs"),
        ("GET", "/openapi.json"),
        ("GET", "/nothing"),
        ("GET", "/pay/lnk_nobody"),
        ("OPTIONS", "/v1/payments/intents"),
    ],
)
def test_whatever_is_asked_without_a_key_is_counted(new_server, monkeypatch, method, path):
    # To make it takes seconds, whatever it says.
    monkeypatch.setattr("api.reference.document.document", lambda _app: {"openapi": "3.1.0"})
    server = new_server(rate_limit_public="1/minute", cors_origins=("https://shop.example",))
    asking = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}

    with httpx.Client(base_url=server.url, headers=asking) as client:
        answers = [client.request(method, path) for _ in range(2)]

    assert answers[0].status_code != 429
    assert answers[1].status_code == 429


def test_a_page_that_the_settings_let_in_may_read_that_it_asked_too_often(new_server):
    server = new_server(rate_limit_public="1/minute", cors_origins=("https://shop.example",))
    origin = {"Origin": "https://shop.example"}

    answers = [httpx.get(f"{server.url}/v1/pay/lnk_x", headers=origin) for _ in range(2)]

    assert answers[1].status_code == 429
    assert answers[1].headers["Access-Control-Allow-Origin"] == "https://shop.example"


def test_nobody_over_the_limit_has_a_key_looked_up_but_a_known_one_is_let_in(new_server):
    server = new_server(rate_limit_public="1/minute")
    ama, kofi = (server.found(name).keys["test"] for name in ("Ama", "Kofi"))
    assert httpx.get(f"{server.url}/v1/payments", headers=_key(ama)).status_code == 200
    httpx.get(f"{server.url}/v1/payments")

    known, unknown, guess = (
        httpx.get(f"{server.url}/v1/payments", headers=_key(key)) for key in (ama, kofi, "guess")
    )

    assert (known.status_code, unknown.status_code, guess.status_code) == (200, 429, 429)


def test_a_good_key_is_counted_by_itself_from_its_first_request_on(new_server):
    server = new_server(rate_limit_public="2/minute")
    for name in ("Ama", "Kofi", "Esi"):
        key = server.found(name).keys["test"]
        assert httpx.get(f"{server.url}/v1/payments", headers=_key(key)).status_code == 200

    strangers = [httpx.get(f"{server.url}/v1/payments") for _ in range(3)]

    assert [answer.status_code for answer in strangers] == [401, 401, 429]


def test_a_key_that_was_revoked_is_counted_against_the_address(new_server):
    server = new_server(rate_limit_public="1/minute")
    founded = server.found("Ama")
    keys = httpx.Client(base_url=server.url, headers=_key(founded.keys["test"]))
    other = keys.post("/v1/api-keys", json={"name": "till"}).json()
    assert httpx.get(f"{server.url}/v1/payments", headers=_key(other["key"])).status_code == 200
    keys.delete(f"/v1/api-keys/{other['id']}")

    answers = [httpx.get(f"{server.url}/v1/payments", headers=_key(other["key"])) for _ in range(2)]

    keys.close()
    assert [answer.status_code for answer in answers] == [401, 429]


def _key(key: str) -> dict[str, str]:
    return {"X-Reevit-Key": key}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/healthz", 200),
        ("OPTIONS", "/v1/payments/intents", 204),
        ("GET", "/v1/customers/a%00b", 400),
        ("GET", "/v1/payments", 401),
        ("PUT", "/v1/payments", 405),
    ],
)
def test_every_answer_tells_what_is_left(new_server, method, path, status):
    server = new_server(rate_limit_public="5/minute", cors_origins=("https://shop.example",))
    asking = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}

    answer = httpx.request(method, f"{server.url}{path}", headers=asking)

    assert answer.status_code == status
    assert answer.headers["X-RateLimit-Limit"] == "5"
    assert int(answer.headers["X-RateLimit-Remaining"]) <= 5
    assert int(answer.headers["X-RateLimit-Reset"]) >= int(time.time())
