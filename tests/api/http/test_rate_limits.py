"""How often one caller may ask."""

import time

import httpx
import pytest

from api.http.rate_limits import Counters, RateLimit


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
    key = server.found("Ama").keys["test"]

    answers = [httpx.get(f"{server.url}/v1/payments", headers=_key(f"guess {n}")) for n in range(3)]
    good = httpx.get(f"{server.url}/v1/payments", headers=_key(key))

    assert [answer.status_code for answer in answers] == [401, 401, 429]
    assert good.status_code == 200


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


def test_counters_that_have_expired_are_forgotten():
    counters = Counters()
    counters.incr("ama", 60)

    counters.clear("ama")

    assert counters.get("ama") == 0
    assert counters.reset() == 0


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
