"""Endpoints in the console: who is told what, how far behind they are, and what can be done."""

import html
import re
import socket

import pytest
from console_browser import signed_in
from receiver import Answers
from waiting import awaited


def place(endpoint, action=""):
    return f"/console/webhooks/endpoints/{endpoint['id']}{action}"


def known(client, endpoint):
    return client.get(f"/v1/webhooks/endpoints/{endpoint['id']}").raise_for_status().json()


def test_a_new_book_says_what_an_endpoint_is(console):
    shown = console.get("/console/webhooks").text

    assert "No endpoints yet" in shown
    assert 'href="/console/webhooks/new"' in shown


def test_an_endpoint_is_made_and_its_secret_shown_once(console, client, receiver):
    made = console.post(
        "/console/webhooks/new",
        data={"url": f"{receiver.url}/in", "name": "warehouse", "events": "payment.*, customer.*"},
    )

    [endpoint] = client.get("/v1/webhooks/endpoints").json()["endpoints"]
    assert endpoint["events"] == ["payment.*", "customer.*"]
    assert endpoint["signing_secret"] in made.text
    assert endpoint["signing_secret"] not in console.get(place(endpoint)).text
    assert "warehouse" in console.get("/console/webhooks").text


def test_an_endpoint_that_nobody_named_is_called_by_its_address(console, client, receiver):
    nameless = {"url": f"{receiver.url}/in", "events": ["payment.*"]}
    client.post("/v1/webhooks/endpoints", json=nameless).raise_for_status()
    [endpoint] = client.get("/v1/webhooks/endpoints").json()["endpoints"]

    shown = console.get(place(endpoint)).text
    listed = console.get("/console/webhooks").text

    assert endpoint["name"] == endpoint["id"]
    assert "<bdi>127.0.0.1</bdi></h1>" in shown
    assert "<title>127.0.0.1 ·" in shown
    assert len(re.findall(rf">{endpoint['url']}<", shown)) == 1
    assert f">{endpoint['id']}<" not in listed


def test_what_is_wrong_with_an_endpoint_is_said_beside_its_field(console):
    nowhere = console.post("/console/webhooks/new", data={"url": "nowhere", "events": "payment.*"})
    shoes = console.post(
        "/console/webhooks/new", data={"url": "https://a.example", "events": "shoes"}
    )

    assert nowhere.status_code == 400
    assert 'id="f-url-error"' in nowhere.text
    assert 'value="nowhere"' in nowhere.text
    assert 'id="f-events-error"' in shoes.text


@pytest.mark.usefixtures("endpoint")
def test_a_filter_is_shown_with_what_it_would_have_let_through(console, client, pay):
    pay()
    asked = {"url": "", "events": "payment.*"}

    shown = console.post("/console/webhooks/preview", data=asked).text
    part = console.post(
        "/console/webhooks/preview",
        data=asked,
        headers={"HX-Request": "true", "HX-Target": "section#preview"},
    ).text

    said = client.post("/v1/webhooks/endpoints/preview", json={"events": ["payment.*"]}).json()
    assert f"{said['deliveries']} messages since" in shown
    assert "payment.created" in part
    assert "<html" not in part


def test_a_filter_that_no_event_has_is_refused_while_it_is_typed(console):
    shown = console.post("/console/webhooks/preview", data={"events": "shoes"}).text

    assert "shoes" in shown


def test_an_endpoint_is_changed_and_what_is_left_as_it_was_stays(console, client, receiver):
    told = {"name": "w", "url": f"{receiver.url}/in", "metadata": {"rank": 3}}
    endpoint = client.post("/v1/webhooks/endpoints", json=told).json()
    form = console.get(place(endpoint, "/edit")).text

    answer = console.post(
        place(endpoint, "/edit"),
        data={
            "name": "depot",
            "url": told["url"],
            "events": "payment.succeeded",
            "metadata": "rank: 3",
        },
    )

    assert "rank: 3" in form
    assert answer.headers["location"] == place(endpoint)
    changed = known(client, endpoint)
    assert (changed["name"], changed["events"]) == ("depot", ["payment.succeeded"])
    assert changed["metadata"] == {"rank": 3}


def test_an_endpoint_is_switched_off_and_on(console, client, endpoint):
    console.post(place(endpoint, "/disable"))
    off = console.get(place(endpoint)).text
    console.post(place(endpoint, "/enable"))

    assert "Disabled" in off
    assert known(client, endpoint)["enabled"]


def test_both_secrets_are_shown_once_when_one_takes_the_place_of_the_other(
    console, client, endpoint
):
    rotated = console.post(place(endpoint, "/rotate"), data={"previous_for_hours": "24"}).text

    new = known(client, endpoint)["signing_secret"]
    assert new != endpoint["signing_secret"]
    assert new in rotated
    assert endpoint["signing_secret"] in rotated
    assert new not in console.get(place(endpoint)).text


def test_a_form_sent_twice_rotates_once(console, client, endpoint):
    asked = {"previous_for_hours": "24", "once": "the-same-form"}

    console.post(place(endpoint, "/rotate"), data=asked)
    secret = known(client, endpoint)["signing_secret"]
    console.post(place(endpoint, "/rotate"), data=asked)

    assert known(client, endpoint)["signing_secret"] == secret


def test_a_test_says_whether_it_was_taken(console, endpoint, receiver):
    taken = console.post(place(endpoint, "/test")).text
    receiver.behave = lambda _request: Answers(500)
    refused = console.post(place(endpoint, "/test")).text

    assert "It was taken: answered 200" in taken
    assert "It was not taken: it answered 500" in refused
    for shown, request in zip((taken, refused), receiver.received, strict=True):
        assert html.escape(request.body.decode(), quote=False).replace('"', "&#34;") in shown
        assert "What it answered" in shown


def test_a_range_is_told_again(console, endpoint, pay):
    pay()

    refused = console.post(place(endpoint, "/replay"), data={"from": "yesterday"})
    answer = console.post(place(endpoint, "/replay"), data={"from": "1"})

    assert answer.status_code == 303
    said = console.get(place(endpoint)).text
    assert "is to be sent again, beginning now" in said
    assert "A range is told again, up to fact" in said
    assert 'id="f-from-error"' in refused.text


def test_an_endpoint_is_removed_by_whoever_types_its_name(console, client, endpoint):
    kept = console.post(place(endpoint, "/remove"), data={"typed": "something"})
    removed = console.post(place(endpoint, "/remove"), data={"typed": "warehouse"})

    assert 'id="f-typed-error"' in kept.text
    assert removed.headers["location"] == "/console/webhooks"
    assert client.get("/v1/webhooks/endpoints").json()["endpoints"] == []


def test_one_that_nobody_named_is_removed_by_where_it_is(console, client, receiver):
    nameless = {"url": f"{receiver.url}/in"}
    endpoint = client.post("/v1/webhooks/endpoints", json=nameless).raise_for_status().json()

    shown = console.get(place(endpoint)).text
    console.post(place(endpoint, "/remove"), data={"typed": "127.0.0.1"})

    assert "Type where it is: 127.0.0.1" in shown
    assert client.get("/v1/webhooks/endpoints").json()["endpoints"] == []


def test_whoever_may_only_look_finds_nothing_to_press(merchant, client, endpoint):
    scopes = ["webhooks:read"]
    made = client.post("/v1/api-keys", json={"name": "looks", "scopes": scopes}).json()

    with signed_in(merchant.server.url, made["key"]) as console:
        shown = console.get(place(endpoint)).text
        refused = console.post(place(endpoint, "/disable"))

    assert not re.findall(rf'method="post" action="{place(endpoint)}', shown)
    assert refused.status_code == 403


def test_nothing_can_be_done_from_a_page_of_the_past(console, endpoint):
    shown = console.get(place(endpoint) + "?as_of=2026-01-01").text

    assert "warehouse" in shown
    assert f'action="{place(endpoint)}/disable' not in shown


def test_what_an_endpoint_is_called_is_text(console, client, receiver):
    told = {"name": "<script>alert(1)</script>", "url": f"{receiver.url}/in"}
    endpoint = client.post("/v1/webhooks/endpoints", json=told).json()

    for path in ("/console/webhooks", place(endpoint), place(endpoint, "/edit")):
        assert "<script>alert" not in console.get(path).text


@pytest.fixture
def nobody(client, telling, pay):
    """An endpoint at which nobody answers, with three messages that wait."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    told = {"name": "nobody", "url": url, "events": ["payment.*"]}
    nobody = client.post("/v1/webhooks/endpoints", json=told).raise_for_status().json()
    for _ in range(3):
        pay()
    with telling():
        awaited(lambda: len(known(client, nobody)["backlog"]["tries"]) >= 2)
    return nobody


def test_what_is_told_again_is_shown_as_such_before_it_is(console, client, nobody):
    console.post(place(nobody, "/replay"), data={"from": "1"})
    waiting = client.get("/v1/webhooks/outbound", params={"status": "pending"}).json()

    replay = next(each for each in waiting if each["replay"])
    shown = html.unescape(console.get(f"/console/webhooks/deliveries/{replay['id']}").text)

    assert '"replay": true' in shown
    assert "Nothing of it goes out before the endpoint answers." in console.get(place(nobody)).text


def test_an_endpoint_that_nobody_answers_at_says_why_and_is_tried_at_once(console, client, nobody):
    shown = console.get(place(nobody)).text

    assert "no connection: Connection refused. It is tried again" in shown
    assert re.search(r"It is tried again (now|at \d\d:\d\d:\d\d)", shown)
    assert "Next try" not in shown
    assert "Nothing was sent yet" not in shown
    assert shown.count("Nobody answered") == len(known(client, nobody)["backlog"]["tries"])
    assert f'action="{place(nobody)}/retry"' in shown
    answer = console.post(place(nobody, "/retry"))
    assert "It is tried now." in console.get(answer.headers["location"]).text


def test_how_one_that_fails_stands_is_asked_for_again_by_itself(console, endpoint, nobody):
    standing = '<div id="standing" hx-get="{}"'

    failing = console.get(place(nobody)).text

    assert standing.format(place(nobody)) in failing
    assert '<div id="standing">' in console.get(place(endpoint)).text


def test_what_waits_is_the_same_in_the_list_the_card_and_where_they_lead(console, client, nobody):
    waiting = client.get("/v1/webhooks/outbound", params={"status": "pending"}).json()
    listed = console.get("/console/webhooks").text
    shown = console.get(place(nobody)).text

    led = console.get(
        "/console/webhooks/deliveries", params={"status": "pending", "endpoint_id": nobody["id"]}
    ).text

    assert len(waiting) == 3
    assert re.search(r'status=pending"[^>]*>\s*3\s*<', listed)
    assert re.search(r'<td class="number">3</td>', listed)
    assert re.search(r'status=pending"[^>]*>\s*3\s*<', shown)
    found = re.findall(r'class="whole" href="/console/webhooks/deliveries/([^"]*)"', led)
    assert found == [each["id"] for each in waiting]
    body = console.get(f"/console/webhooks/deliveries/{found[0]}").text
    assert "The body, as it would be sent now" in body
    assert "ama@example.com" in body
    assert "Send again" not in body
    assert f"/console/webhooks/deliveries/{found[0]}/retry" in body
    assert ">0%<" not in listed


@pytest.mark.parametrize("again", [False, True])
def test_what_waits_opens_the_list_with_each_try_that_its_page_tells(
    console, client, nobody, again
):
    if again:
        console.post(place(nobody, "/replay"), data={"from": "1"})
    waiting = client.get("/v1/webhooks/outbound", params={"status": "pending"}).json()
    first = next(each for each in waiting if each["replay"] == again)

    opened = console.get("/console/webhooks/deliveries").text
    told = console.get(f"/console/webhooks/deliveries/{first['id']}").text

    tries = told.count("nobody answered")
    row = opened.partition(f'id="row-{first["id"]}"')[2].partition("</tr>")[0]
    assert "Nothing was sent yet" not in opened
    assert tries == len(known(client, nobody)["backlog"]["tries"]) >= 2
    assert f"Attempt {tries}: nobody answered" in told
    assert f'<td class="number">{tries}</td>' in row
    assert "Not yet" not in row
    assert "no connection: Connection refused" in row


def test_what_waits_is_tried_from_its_own_page(console, client, nobody):
    first, *_ = client.get("/v1/webhooks/outbound", params={"status": "pending"}).json()
    path = f"/console/webhooks/deliveries/{first['id']}"

    answer = console.post(f"{path}/retry")

    assert answer.headers["location"] == path
    assert "It is tried now" in console.get(path).text
    client.post(f"/v1/webhooks/endpoints/{nobody['id']}/disable").raise_for_status()
    disabled = console.get(path).text
    assert f'action="{path}/retry"' not in disabled
    assert "is enabled" in disabled


def test_a_moment_is_picked_and_means_the_clocks_of_the_page(console, client, receiver, pay):
    pay()
    form = console.get("/console/webhooks/new").text
    picked = {"url": f"{receiver.url}/in", "name": "depot", "begin": "2026-01-01T00:00"}
    console.post("/console/webhooks/new?tz=Africa/Nairobi", data=picked)

    [endpoint] = client.get("/v1/webhooks/endpoints").json()["endpoints"]
    shown = console.get(place(endpoint)).text
    answer = console.post(place(endpoint, "/replay"), data={"from": "2026-01-01T00:00"})

    assert re.search(r'name="begin" type="datetime-local"', form)
    assert re.search(r'name="from" type="datetime-local"', shown)
    assert known(client, endpoint)["backlog"]["waiting"] > 0
    assert answer.status_code == 303


def test_events_are_ticked_and_one_that_has_no_box_stays(console, client, receiver):
    told = {"name": "w", "url": f"{receiver.url}/in", "events": ["refund.*", "payment.*"]}
    endpoint = client.post("/v1/webhooks/endpoints", json=told).raise_for_status().json()

    form = console.get(place(endpoint, "/edit")).text
    ticked = re.findall(r'name="events" value="([^"]*)" checked', form)
    console.post(place(endpoint, "/edit"), data={**told, "events": [*ticked, "customer.created"]})

    assert ticked == ["payment.*", "refund.*"]
    assert known(client, endpoint)["events"] == ["payment.*", "refund.*", "customer.created"]


def test_a_page_has_one_button_that_stands_out(console, endpoint, nobody):
    pages = [place(endpoint), place(nobody), place(endpoint, "/edit")]

    found = [console.get(each).text.partition("<main")[2] for each in pages]

    assert [len(re.findall(r'<(?:a|button) class="button[^"]* first', each)) for each in found] == [
        1,
        1,
        1,
    ]
