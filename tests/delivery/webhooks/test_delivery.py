"""Delivery: what is recorded is told, signed, in order for each customer, and once recorded."""

import socket
import time
from base64 import b64encode
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import urlencode

import orjson
import pytest
from deliverer import BOOK
from receiver import Answers, Delays, receiving
from reevit.webhooks import construct_event
from standardwebhooks.webhooks import Webhook
from statement_scope import recorded
from structlog.testing import capture_logs
from waiting import awaited

from commands.link_payments import PayThroughLink, pay_through_link
from commands.payment_links import CreatePaymentLink, create_payment_link
from commands.payments import CreatePayment, create_payment
from commands.webhook_endpoints import (
    RotateSecret,
    UpdateEndpoint,
    disable_endpoint,
    enable_endpoint,
    remove_endpoint,
    rotate_secret,
    show_endpoint,
    update_endpoint,
)
from commands.webhook_replays import PlannedReplay
from delivery.webhooks.endpoint_cursor import EndpointCursor
from delivery.webhooks.resending import NotToldYet, replay, resend
from delivery.webhooks.services import Rules
from ledger.clock import written
from ledger.keyring import Keyring

OTHER_KEYS = Keyring.parsed(f"k1:{b64encode(bytes(32)).decode()}")
soon = partial(awaited, every_seconds=0.02)
# What is made of an answer, and kept as it is, is the same on every database.
on_one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def told(receiver):
    return [orjson.loads(request.body) for request in receiver.received]


def told_at(receiver, path):
    return [orjson.loads(request.body) for request in receiver.received if request.path == path]


def paid(receiver):
    """The payments that were told of, in the order of telling."""
    return [each["data"]["id"] for each in told(receiver) if each["type"] == "payment.created"]


def imported(shop, customer):
    """A payment of more than a year ago."""
    happened = shop.now() - timedelta(days=400)
    return CreatePayment(amount=700, currency="GHS", customer_id=customer, occurred_at=happened)


def failing_for(*customers, status=500):
    """Answers so what is about these, by their own ids."""

    def behave(request):
        about = orjson.loads(request.body)["data"].get("customer_external_id")
        return Answers(status if about in customers else 200)

    return behave


def test_what_is_recorded_is_told_and_both_kinds_of_receiver_accept_it(shop, receiver):
    endpoint = shop.endpoint(receiver.url)
    [secret] = shop.secrets(endpoint)
    ama = shop.customer("ama")
    with shop.delivering():
        payment = shop.pay(ama)

        shop.wait_until_told(endpoint)

    for request in receiver.received:
        event = construct_event(request.body, request.headers["x-reevit-signature"], secret)
        assert Webhook(secret).verify(request.body, request.headers) == event
        assert request.headers["x-reevit-delivery-id"] == event["delivery_id"]
        assert request.headers["x-reevit-delivery-attempt"] == "1"
        assert request.headers["x-reevit-mode"] == "sandbox"
        stamp = request.headers["x-reevit-signature-timestamp"]
        assert stamp == event["signature_timestamp"]
    registered, created = told(receiver)
    assert (registered["type"], created["type"]) == ("customer.created", "payment.created")
    assert (created["data"]["id"], created["data"]["customer_external_id"]) == (payment.id, "ama")
    assert (created["attempt"], created["previous_position"]) == (1, registered["position"])
    assert [row.http_status for row in shop.attempts] == [200, 200]
    assert shop.behind == []


def test_who_comes_later_is_told_from_where_they_want(shop, receiver):
    shop.customer("ama")
    first = shop.endpoint(receiver.url + "/all", "all", begin=0)
    second = shop.endpoint(receiver.url + "/new", "new")
    shop.customer("kofi")

    with shop.delivering():
        shop.wait_until_told(first)
        shop.wait_until_told(second)

    names = [(r.path, orjson.loads(r.body)["data"]["name"]) for r in receiver.received]
    assert sorted(names) == [("/all", "Ama"), ("/all", "Kofi"), ("/new", "Kofi")]


def test_a_filter_lets_through_what_it_names(shop, receiver):
    endpoint = shop.endpoint(receiver.url, events=["payment.*"])
    shop.pay(shop.customer("ama"))

    with shop.delivering():
        shop.wait_until_told(endpoint)

    [created] = told(receiver)
    assert (created["type"], created["previous_position"]) == ("payment.created", None)


def test_nothing_is_told_again_after_a_restart(shop, receiver):
    endpoint = shop.endpoint(receiver.url)
    shop.customer("ama")
    for _ in range(3):
        with shop.delivering():
            shop.wait_until_told(endpoint)

    assert len(receiver.received) == 1


def test_what_is_tried_again_after_a_restart_tells_what_came_before_it_through_the_filter(
    shop, receiver
):
    endpoint = shop.endpoint(receiver.url, events=["payment.*"])
    ama = shop.customer("ama")
    receiver.behave = failing_for("ama")
    with shop.delivering():
        shop.pay(ama)
        shop.wait_until_told(endpoint)
    receiver.behave = failing_for()
    shop.let_pass(minutes=1)
    with shop.delivering():
        soon(lambda: shop.behind == [])

    assert [each["previous_position"] for each in told(receiver)] == [None, None]


def test_a_customer_who_fails_waits_alone_and_in_order(shop, receiver):
    endpoint = shop.endpoint(receiver.url, events=["payment.*"])
    ama, kofi = shop.customer("ama"), shop.customer("kofi")
    receiver.behave = failing_for("ama")
    with shop.delivering():
        hers = [shop.pay(ama).id for _ in range(3)]
        his = [shop.pay(kofi).id for _ in range(3)]
        shop.wait_until_told(endpoint)
        soon(lambda: len(receiver.received) == 4)
        assert [each for each in paid(receiver) if each != hers[0]] == his
        soon(lambda: [row.state for row in shop.behind] == ["retrying", "waiting", "waiting"])

        receiver.behave = failing_for()
        receiver.received.clear()
        shop.let_pass(minutes=1)
        soon(lambda: shop.behind == [])

    assert paid(receiver) == hers
    assert [each["attempt"] for each in told(receiver)] == [2, 1, 1]
    places = [(each["position"], each["previous_position"]) for each in told(receiver)]
    assert [before for _, before in places[1:]] == [at for at, _ in places[:-1]]


def test_who_waits_behind_another_is_told_although_the_endpoint_was_gone_meanwhile(shop, receiver):
    endpoint = shop.endpoint(receiver.url, events=["payment.*"])
    ama = shop.customer("ama")
    receiver.behave = failing_for("ama")
    with shop.delivering():
        hers = [shop.pay(ama).id for _ in range(3)]
        soon(lambda: [row.state for row in shop.behind] == ["retrying", "waiting", "waiting"])
        receiver.behave = lambda request: Answers(200 if hers[0] in request.body.decode() else 410)
        receiver.received.clear()
        shop.let_pass(minutes=1)
        soon(lambda: not shop.do(show_endpoint, endpoint.id).enabled)

        receiver.behave = failing_for()
        shop.do(enable_endpoint, endpoint.id)
        soon(lambda: shop.behind == [])

    assert paid(receiver) == [*hers[:2], *hers[1:]]


def test_what_is_told_again_lets_nobody_overtake(shop, receiver):
    endpoint = shop.endpoint(receiver.url, events=["payment.*"])
    ama = shop.customer("ama")
    with shop.delivering():
        first = shop.pay(ama).id
        shop.wait_until_told(endpoint)
        receiver.behave = failing_for("ama")
        later = [shop.pay(ama).id for _ in range(3)]
        soon(lambda: [row.state for row in shop.behind] == ["retrying", "waiting", "waiting"])

        receiver.behave = failing_for()
        receiver.received.clear()
        again(shop, endpoint, first)
        soon(lambda: paid(receiver) == [first] and len(shop.behind) == 3)
        later.append(shop.pay(ama).id)
        soon(lambda: len(shop.behind) == 4)
        shop.let_pass(minutes=1)
        soon(lambda: shop.behind == [])

    assert paid(receiver) == [first, *later]


def again(shop, endpoint, payment_id):
    """Somebody asks for what was told of a payment once more."""
    [stored] = [each for each in shop.ledger.read(BOOK, limit=100) if each.stream == payment_id]
    resend(shop.engine, stored, endpoint.id, written(shop.now()))


@pytest.fixture
def both_take(shop, monkeypatch):
    """Whether both kinds of receiver take a request by the clock of the shop, as it comes."""

    class ClockOfTheShop(datetime):
        @classmethod
        def now(cls, tz=None):
            return shop.now().astimezone(tz)

    monkeypatch.setattr("standardwebhooks.webhooks.datetime", ClockOfTheShop)

    def take(request, secret):
        signature = request.headers["x-reevit-signature"]
        event = construct_event(request.body, signature, secret, now=shop.now())
        return event == Webhook(secret).verify(request.body, request.headers)

    return take


def test_after_the_fifth_attempt_the_others_of_the_customer_go_on_and_the_gap_shows(
    shop, receiver, both_take
):
    endpoint = shop.endpoint(receiver.url, events=["payment.*"])
    [secret] = shop.secrets(endpoint)
    ama, taken = shop.customer("ama"), []

    def refuse_thirteen(request):
        taken.append(both_take(request, secret))
        return Answers(500 if orjson.loads(request.body)["data"]["amount"] == 13 else 200)

    receiver.behave = refuse_thirteen
    with shop.delivering():
        shop.pay(ama, 13)
        soon(lambda: len(shop.attempts) == 1)
        shop.pay(ama, 14)
        for number, minutes in enumerate((1, 5, 30, 120), start=2):
            shop.let_pass(minutes=minutes)
            soon(lambda number=number: len(shop.attempts) >= number)
        soon(lambda: [row.state for row in shop.behind] == ["failed"])

    *five, last = told(receiver)
    assert [each["attempt"] for each in five] == [1, 2, 3, 4, 5]
    assert len({each["id"] for each in five}) == len({each["delivery_id"] for each in five}) == 1
    assert last["data"]["amount"] == 14
    assert last["previous_position"] == five[0]["position"]
    # Each is signed at its own moment, or the clients would not take it.
    assert taken == [True] * 6
    for request, each in zip(receiver.received, told(receiver), strict=True):
        assert each["attempt"] == int(request.headers["x-reevit-delivery-attempt"])
    moments = {each["signature_timestamp"] for each in five}
    assert len(moments) == 5


def test_the_oldest_that_waits_is_known_also_where_it_is_tried_again(shop, receiver):
    endpoint = shop.endpoint(receiver.url, events=["payment.*"])
    ama, kofi = shop.customer("ama"), shop.customer("kofi")
    receiver.behave = failing_for("ama")
    with shop.delivering() as deliverer:
        for customer in (ama, ama, kofi):
            shop.pay(customer)
        shop.wait_until_told(endpoint)

        [first, _] = shop.ledger.read_at(BOOK, [row.position for row in shop.behind])
        soon(lambda: deliverer.progress_now().oldest_waiting_at == first.recorded_at)
        receiver.behave = failing_for()
        shop.let_pass(minutes=2)
        soon(lambda: shop.behind == [])
        soon(lambda: deliverer.progress_now().oldest_waiting_at is None)


def test_an_endpoint_that_is_down_stops_as_one_cursor_and_nothing_is_lost(shop):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    endpoint = shop.endpoint(f"http://127.0.0.1:{port}")
    customers = [shop.customer(f"usr{number}") for number in range(10)]
    with shop.delivering():
        soon(lambda: any(row.next_probe_at for row in shop.cursors))
        [cursor] = shop.cursors
        assert "no connection" in cursor.error
        assert (shop.attempts, shop.behind) == ([], [])

        with receiving(port=port) as receiver:
            shop.let_pass(minutes=5)
            shop.wait_until_told(endpoint)

    assert sorted(each["data"]["id"] for each in told(receiver)) == sorted(customers)
    assert {each["attempt"] for each in told(receiver)} == {1}
    [cursor] = shop.cursors
    assert (cursor.failures, cursor.failing_since, cursor.next_probe_at) == (0, "", "")


def test_three_customers_in_a_row_are_the_endpoint(shop, receiver):
    endpoint = shop.endpoint(receiver.url)
    receiver.behave = lambda _request: Answers(503)
    with shop.delivering():
        for number in range(20):
            shop.customer(f"usr{number}")
        soon(lambda: any(row.next_probe_at for row in shop.cursors))
        assert len(shop.behind) == len(shop.attempts) == 2

        receiver.behave = lambda _request: Answers()
        shop.let_pass(minutes=5)
        shop.wait_until_told(endpoint)
        soon(lambda: shop.behind == [])

    accepted = {row.position for row in shop.attempts if row.http_status == 200}
    assert accepted == set(range(2, 22))


def test_who_answers_late_keeps_nobody_waiting(shop, receiver):
    endpoint = shop.endpoint(receiver.url, events=["payment.*"])
    ama, kofi = shop.customer("ama"), shop.customer("kofi")
    about_her, late = failing_for("ama", status=0), iter([Delays(2)])
    receiver.behave = lambda request: (
        next(late, Answers()) if about_her(request).status == 0 else Answers()
    )
    with shop.delivering():
        shop.pay(ama)
        shop.pay(ama)
        shop.pay(kofi)

        soon(lambda: shop.position(endpoint) >= shop.ledger.head(BOOK))
        assert [row.state for row in shop.behind] == ["retrying", "waiting"]
        soon(lambda: shop.behind == [])

    assert len(receiver.received) == 3
    assert {row.http_status for row in shop.attempts} == {200}


def test_an_endpoint_that_asks_to_be_left_alone_is(shop, receiver):
    endpoint = shop.endpoint(receiver.url)
    receiver.behave = lambda _request: Answers(429, {"Retry-After": "120"})
    with shop.delivering():
        for name in ("ama", "esi", "yaw"):
            shop.customer(name)
        soon(lambda: any(row.next_probe_at for row in shop.cursors))
        assert len(shop.attempts) == len(shop.behind) == 2
        receiver.behave = lambda _request: Answers()
        receiver.received.clear()
        shop.let_pass(seconds=100)
        shop.customer("kofi")
        assert receiver.received == []
        shop.let_pass(seconds=21)
        shop.wait_until_told(endpoint)
        soon(lambda: shop.behind == [])

    assert len(receiver.received) == 4


def test_what_is_to_come_later_about_one_customer_keeps_no_other_waiting(shop, receiver):
    endpoint = shop.endpoint(receiver.url, events=["payment.*"])
    ama, kofi = shop.customer("ama"), shop.customer("kofi")
    later, now = Answers(503, {"Retry-After": "600"}), Answers()
    receiver.behave = lambda request: later if b'"ama"' in request.body else now
    with shop.delivering():
        shop.pay(ama)
        soon(lambda: len(shop.behind) == 1)
        his = [shop.pay(kofi).id for _ in range(3)]
        shop.wait_until_told(endpoint)

    assert paid(receiver)[1:] == his
    [row], [attempt] = shop.behind, [each for each in shop.attempts if each.http_status == 503]
    assert (row.attempts, row.state) == (1, "retrying")
    waits = datetime.fromisoformat(row.next_attempt_at) - datetime.fromisoformat(attempt.at)
    assert waits == timedelta(minutes=10)


def test_one_that_says_it_is_gone_is_disabled_and_keeps_its_place(shop, receiver):
    endpoint = shop.endpoint(receiver.url, events=["customer.*"])
    receiver.behave = lambda _request: Answers(410)
    with shop.delivering():
        shop.customer("ama")
        soon(lambda: not shop.do(show_endpoint, endpoint.id).enabled)
        assert shop.do(show_endpoint, endpoint.id).disabled_reason == "gone"
        count = len(receiver.received)
        shop.customer("kofi")

        receiver.behave = lambda _request: Answers()
        shop.do(enable_endpoint, endpoint.id)
        shop.wait_until_told(endpoint)

    assert {each["data"]["external_id"] for each in told(receiver)[count:]} == {"ama", "kofi"}


def test_who_is_enabled_again_is_told_at_once(shop, receiver, monkeypatch):
    """Whoever is woken by it looks at how the endpoint is by then, not a moment before."""
    monkeypatch.setattr(EndpointCursor, "idle_seconds", 3600.0)
    endpoint = shop.endpoint(receiver.url, events=["payment.*"])
    with shop.delivering():
        shop.pay(None)
        shop.wait_until_told(endpoint)
        shop.do(disable_endpoint, endpoint.id)
        time.sleep(0.6)  # for half a second, an endpoint may be what it was
        shop.pay(None)  # which looks at it

        shop.do(enable_endpoint, endpoint.id)
        shop.wait_until_told(endpoint)

    assert len(receiver.received) == 2


def test_what_was_answered_before_it_was_disabled_disables_it_no_second_time(shop, receiver):
    endpoint = shop.endpoint(receiver.url, events=["payment.*"])
    customers = [shop.customer(name) for name in ("ama", "kofi", "esi")]
    pauses = iter([0.0, 0.3, 0.6])
    receiver.behave = lambda _request: Delays(next(pauses), 410)
    shop.pay_all(customers)
    with shop.delivering() as deliverer:
        soon(lambda: deliverer.progress_now().sent["returned"] == 3)
        soon(lambda: not shop.do(show_endpoint, endpoint.id).enabled)

        receiver.behave = lambda _request: Answers()
        shop.do(enable_endpoint, endpoint.id)
        shop.wait_until_told(endpoint)

    assert shop.do(show_endpoint, endpoint.id).enabled


def test_who_fails_for_days_is_warned_and_then_disabled(shop, receiver):
    endpoint = shop.endpoint(receiver.url)
    receiver.behave = lambda _request: Answers(500)
    with shop.delivering():
        for number in range(4):
            shop.customer(f"usr{number}")
        soon(lambda: any(row.next_probe_at for row in shop.cursors))
        shop.let_pass(days=1, minutes=6)
        soon(lambda: shop.do(show_endpoint, endpoint.id).failing_since is not None)
        assert shop.do(show_endpoint, endpoint.id).enabled

        shop.let_pass(days=4)
        soon(lambda: not shop.do(show_endpoint, endpoint.id).enabled)

    assert shop.do(show_endpoint, endpoint.id).disabled_reason == "failing"


def test_nobody_is_disabled_who_was_not_warned_a_day_before(shop, receiver):
    endpoint = shop.endpoint(receiver.url, events=["customer.*"])
    receiver.behave = lambda _request: Answers(400)
    with shop.delivering(rules=Rules(retry_4xx=False)):
        shop.customer("ama")
        soon(lambda: any(row.failing_since for row in shop.cursors))
        shop.let_pass(days=6)
        shop.customer("kofi")
        soon(lambda: shop.do(show_endpoint, endpoint.id).failing_since is not None)
        shop.let_pass(hours=23)
        shop.customer("esi")
        soon(lambda: len(receiver.received) >= 3)
        assert shop.do(show_endpoint, endpoint.id).enabled

        shop.let_pass(hours=2)
        shop.customer("yaw")
        soon(lambda: not shop.do(show_endpoint, endpoint.id).enabled)


def test_what_waited_for_a_disabled_endpoint_is_told_when_it_is_enabled(shop, receiver):
    endpoint = shop.endpoint(receiver.url, events=["customer.*"])
    shop.do(disable_endpoint, endpoint.id)
    with shop.delivering():
        names = [f"usr{number}" for number in range(5)]
        for name in names:
            shop.customer(name)
        assert receiver.received == []

        shop.do(enable_endpoint, endpoint.id)
        shop.wait_until_told(endpoint)

    assert sorted(each["data"]["external_id"] for each in told(receiver)) == names


def test_a_backlog_is_told_at_a_bounded_rate_and_others_do_not_wait_for_it(shop, receiver):
    late = shop.endpoint(receiver.url + "/late", "late", events=["customer.*"])
    for number in range(30):
        shop.customer(f"usr{number}")
    shop.let_pass(minutes=2)
    live = shop.endpoint(receiver.url + "/live", "live", events=["payment.*"])
    with shop.delivering(rules=Rules(backlog_per_second=10)):
        payment = shop.pay(None)
        soon(lambda: any(request.path == "/live" for request in receiver.received))
        assert shop.position(late) < 20
        shop.wait_until_told(live)
        shop.wait_until_told(late)

    moments = [request.at for request in receiver.received]
    assert moments[-1] - moments[0] > timedelta(seconds=1)
    assert paid(receiver) == [payment.id]


def test_ranges_that_are_told_again_at_once_go_no_faster_and_are_gone_once_told(shop, receiver):
    for number in range(10):
        shop.customer(f"usr{number}")
    shop.let_pass(minutes=2)
    endpoint = shop.endpoint(receiver.url, events=["customer.*"])
    for number in range(3):
        plan = PlannedReplay(f"rpl_{number:026}", endpoint.id, 1, 10)
        replay(shop.engine, BOOK, plan)
    with shop.delivering(rules=Rules(backlog_per_second=10)):
        soon(lambda: len(receiver.received) == 30)
        soon(lambda: [row.cursor for row in shop.cursors] == ["live"])

    moments = [request.at for request in receiver.received]
    assert moments[-1] - moments[0] > timedelta(seconds=2)


def test_a_range_that_is_told_again_begins_with_the_next_look(shop, receiver):
    endpoint = shop.endpoint(receiver.url, events=["customer.*"])
    shop.customer("ama")
    with shop.delivering():
        shop.wait_until_told(endpoint)
        head = shop.ledger.head(BOOK)
        soon(lambda: shop.cursors[0].position == head)
        replay(shop.engine, BOOK, PlannedReplay("rpl_1", endpoint.id, 1, head))
        soon(lambda: len(receiver.received) == 2)

    assert [each["replay"] for each in told(receiver)] == [False, True]


def test_what_an_endpoint_has_not_come_to_is_not_told_again(shop, receiver):
    endpoint = shop.endpoint(receiver.url, events=["payment.*"])
    with shop.delivering():
        soon(lambda: shop.position(endpoint) > 0)
        shop.do(disable_endpoint, endpoint.id)
        payment = shop.pay(None).id
        with pytest.raises(NotToldYet):
            again(shop, endpoint, payment)
        shop.do(enable_endpoint, endpoint.id)
        shop.wait_until_told(endpoint)
        assert paid(receiver) == [payment]

        again(shop, endpoint, payment)
        soon(lambda: paid(receiver) == [payment, payment])


def test_an_endpoint_whose_secret_cannot_be_opened_stands_still_and_says_why(shop, receiver):
    endpoint = shop.endpoint(receiver.url, events=["customer.*"])
    with shop.delivering(keyring=OTHER_KEYS), capture_logs() as logs:
        shop.customer("ama")
        soon(lambda: shop.cursors and shop.cursors[0].error)
        shop.let_pass(minutes=5)
        shop.customer("efua")
        soon(lambda: shop.cursors[0].failures > 1)

    said = [log for log in logs if log["log_level"] == "error"]
    assert [log["event"] for log in said] == ["the secret of an endpoint cannot be opened"]
    assert "its secret cannot be opened" in shop.cursors[0].error
    assert (receiver.received, shop.behind, shop.attempts) == ([], [], [])
    shop.let_pass(minutes=5)
    with shop.delivering():
        shop.wait_until_told(endpoint)
    assert len(receiver.received) == 2


def test_where_it_is_and_what_signs_are_those_of_the_moment_of_sending(shop, receiver):
    endpoint = shop.endpoint(receiver.url + "/old", events=["customer.*"])
    receiver.behave = lambda request: Answers(500 if request.path == "/old" else 200)
    with shop.delivering():
        shop.customer("ama")
        soon(lambda: len(shop.behind) == 1)
        shop.do(update_endpoint, endpoint.id, UpdateEndpoint(url=receiver.url + "/new"))
        shop.do(rotate_secret, endpoint.id, RotateSecret())
        time.sleep(0.6)  # for half a second, an endpoint may be what it was
        shop.let_pass(minutes=1)
        soon(lambda: shop.behind == [])

    new, old = shop.secrets(shop.do(show_endpoint, endpoint.id))
    request = receiver.received[-1]
    assert request.path == "/new"
    signature = request.headers["x-reevit-signature"]
    assert construct_event(request.body, signature, new, tolerance_seconds=600)["attempt"] == 2
    assert len(request.headers["webhook-signature"].split(" ")) == 2
    assert old != new
    assert [row.url for row in shop.attempts] == [receiver.url + "/old", receiver.url + "/new"]


def test_a_removed_endpoint_is_told_nothing_and_leaves_nothing_to_do(shop, receiver):
    endpoint = shop.endpoint(receiver.url)
    receiver.behave = lambda _request: Answers(500)
    with shop.delivering():
        shop.customer("ama")
        soon(lambda: len(shop.behind) == 1)
        shop.do(remove_endpoint, endpoint.id)
        soon(lambda: shop.behind == [] and shop.cursors == [])

    assert len(shop.attempts) == 1


@on_one_database
@pytest.mark.parametrize(
    ("answers", "says"),
    [
        (Answers(301, {"Location": "https://www.shop.example/"}), "a redirect to https://www"),
        (Answers(302, {"Location": "/caf\xe9"}), "a redirect to /caf�: redirects are not followed"),
        (Answers(401), "usually a wrong secret"),
        (Answers(403), "usually bot protection"),
        (Answers(500), "its log says why"),
    ],
)
def test_a_failure_says_what_usually_causes_it(shop, receiver, answers, says):
    shop.endpoint(receiver.url)
    receiver.behave = lambda _request: answers
    with shop.delivering():
        shop.customer("ama")
        soon(lambda: len(shop.attempts) == 1)

    assert says in shop.attempts[0].error


@on_one_database
def test_what_is_kept_of_an_answer_shows_no_secret(shop, receiver):
    endpoint = shop.endpoint(receiver.url)
    [secret] = shop.secrets(endpoint)
    receiver.behave = lambda request: Answers(
        500, body=f"{secret} {request.headers['webhook-signature']} is wrong".encode()
    )
    with shop.delivering():
        shop.customer("ama")
        soon(lambda: len(shop.attempts) == 1)

    assert shop.attempts[0].response == "[secret] [secret] is wrong"


@on_one_database
def test_a_secret_that_is_cut_off_where_an_answer_is_not_kept_any_more_is_none_either(
    shop, receiver
):
    [secret] = shop.secrets(shop.endpoint(receiver.url))
    receiver.behave = lambda _request: Answers(500, body=b"x" * 990 + secret.encode())
    with shop.delivering():
        shop.customer("ama")
        soon(lambda: len(shop.attempts) == 1)

    assert shop.attempts[0].response == "x" * 990 + "[secret]"


@on_one_database
def test_an_address_that_it_leads_to_shows_no_secret(shop, receiver):
    [secret] = shop.secrets(shop.endpoint(receiver.url))
    asked = {"as": secret, "once": secret}
    to = f"https://shop.example/{secret}?{urlencode(asked)}"
    receiver.behave = lambda _request: Answers(302, {"Location": to})
    with shop.delivering():
        shop.customer("ama")
        soon(lambda: len(shop.attempts) == 1)

    error = shop.attempts[0].error
    assert "to https://shop.example/[secret]?as=whsec_[secret]&once=whsec_[secret]:" in error


def test_of_two_deliverers_one_at_a_time_works_a_book(shop, receiver):
    endpoint = shop.endpoint(receiver.url)
    with shop.delivering(), shop.delivering():
        for number in range(20):
            shop.customer(f"usr{number}")
        shop.wait_until_told(endpoint)

    assert len(receiver.received) == len(shop.attempts) == 20


def test_who_stands_by_writes_nothing(shop, receiver):
    endpoint = shop.endpoint(receiver.url)
    with shop.delivering():
        shop.customer("ama")
        shop.wait_until_told(endpoint)
        with recorded(shop.url) as sent, shop.delivering() as other:
            soon(lambda: other.worker is not None)
            time.sleep(0.5)

    assert [each for each in sent if "INSERT INTO" in each and "leases" in each] == []


def test_who_takes_over_goes_on_where_the_other_was(shop, receiver):
    endpoint = shop.endpoint(receiver.url)
    with shop.delivering():
        with shop.delivering():
            shop.customer("ama")
            shop.wait_until_told(endpoint)
        shop.customer("kofi")
        shop.wait_until_told(endpoint)

    assert [each["data"]["external_id"] for each in told(receiver)] == ["ama", "kofi"]


def test_each_book_is_told_its_own(shop, receiver):
    other = BOOK.replace("1/", "2/")
    mine = shop.endpoint(receiver.url + "/mine")
    theirs = shop.endpoint(receiver.url + "/theirs", book=other)
    with shop.delivering():
        shop.customer("ama")
        shop.customer("kofi", book=other)
        shop.wait_until_told(mine)
        awaited(lambda: shop.position(theirs) == 2)

    names = {(r.path, orjson.loads(r.body)["data"]["external_id"]) for r in receiver.received}
    assert names == {("/mine", "ama"), ("/theirs", "kofi")}


def test_a_link_may_have_an_address_of_its_own_with_the_same_secret(shop, receiver):
    endpoint = shop.endpoint(receiver.url + "/all", events=["payment.*"])
    [secret] = shop.secrets(endpoint)
    other = shop.endpoint(receiver.url + "/other", "other", events=["payment.*"])
    receiver.behave = lambda request: Answers(410 if request.path == "/link" else 200)
    asked = CreatePaymentLink(
        name="Tee", currency="GHS", amount=500, webhook_url=receiver.url + "/link"
    )
    link = shop.do(partial(create_payment_link, prefills=True), asked)
    with shop.delivering():
        shop.do(pay_through_link, link.code, PayThroughLink(email="ama@example.com"))
        shop.pay(None)
        shop.wait_until_told(endpoint)
        shop.wait_until_told(other)

    sources = {(r.path, orjson.loads(r.body)["data"]["source"]) for r in receiver.received}
    assert {path for path, source in sources if source == "payment_link"} == {"/link", "/other"}
    assert {path for path, source in sources if source == "api"} == {"/all", "/other"}
    [request, *_] = [each for each in receiver.received if each.path == "/link"]
    assert construct_event(request.body, request.headers["x-reevit-signature"], secret)
    # What a link's address answers is not about the endpoint.
    assert shop.do(show_endpoint, endpoint.id).enabled


def test_what_is_imported_is_passed_over_and_shows_as_a_gap(shop, receiver):
    endpoint = shop.endpoint(receiver.url)
    customer = shop.customer("ama")
    shop.do(create_payment, imported(shop, customer))
    with shop.delivering():
        shop.pay(customer)
        shop.wait_until_told(endpoint)

    registered, paid = told(receiver)
    assert (registered["type"], paid["type"]) == ("customer.created", "payment.created")
    assert paid["previous_position"] == registered["position"] + 1


def test_who_is_told_the_past_is_told_what_was_imported_until_then(shop, receiver):
    order = imported(shop, shop.customer("ama"))
    shop.do(create_payment, order)
    endpoint = shop.endpoint(receiver.url, events=["payment.*"], begin=0)
    shop.do(create_payment, order)
    with shop.delivering():
        shop.wait_until_told(endpoint)

    [event] = told(receiver)
    assert datetime.fromisoformat(event["data"]["created_at"]) == order.occurred_at
    assert datetime.fromisoformat(event["timestamp"]) > order.occurred_at + timedelta(days=399)


def test_what_a_replay_finds_out_about_its_endpoint_stands_in_its_row(shop, monkeypatch):
    monkeypatch.setattr("delivery.webhooks.health.FIRST_PAUSE", timedelta(seconds=0.2))
    with receiving() as receiver:
        endpoint = shop.endpoint(receiver.url)
        with shop.delivering():
            shop.pay(shop.customer("ama"))
            shop.wait_until_told(endpoint)

    def live():
        return next(row for row in shop.cursors if row.cursor == "live")

    head = shop.ledger.head(BOOK)
    replay(shop.engine, BOOK, PlannedReplay("rpl_1", endpoint.id, 1, head))
    with shop.delivering():
        awaited(lambda: len(shop.tries) >= 3)
        awaited(lambda: live().failures >= 3)
        tried, failing = shop.tries[-1], live()
        with receiving(port=receiver.port):
            awaited(lambda: not live().failing_since)

    assert failing.next_probe_at > tried.at


def test_a_replay_tells_what_was_imported(shop, receiver):
    endpoint = shop.endpoint(receiver.url, events=["payment.*"])
    shop.do(create_payment, imported(shop, None))
    head = shop.ledger.head(BOOK)
    replay(shop.engine, BOOK, PlannedReplay("rpl_1", endpoint.id, 1, head))
    with shop.delivering():
        shop.wait_until_told(endpoint)
        awaited(lambda: receiver.received)

    assert [(each["type"], each["replay"]) for each in told(receiver)] == [
        ("payment.created", True)
    ]


def test_at_the_address_of_a_link_nothing_is_said_of_what_was_told_before(shop, receiver):
    endpoint = shop.endpoint(receiver.url + "/all", events=["payment.created"])
    terms = {"name": "Tee", "currency": "GHS", "amount": 500, "customer_id": shop.customer("ama")}
    asked = CreatePaymentLink(**terms, webhook_url=receiver.url + "/link")
    link = shop.do(partial(create_payment_link, prefills=True), asked)
    with shop.delivering():
        for _ in range(2):
            shop.do(pay_through_link, link.code, PayThroughLink())
        shop.wait_until_told(endpoint)

    assert [each["previous_position"] for each in told_at(receiver, "/link")] == [None, None]
