"""The API, asked by a page as anybody may ask it."""

import asyncio

import pytest
from console_browser import signed_in
from starlette.responses import JSONResponse

from api.http.errors import ApiError, insufficient_scope
from commands.customers import CreateCustomer, create_customer
from console.problems import problems_of
from console.routing import console_router

router = console_router()


@router.post("/console/test/customers")
async def add_customer(page):
    answer = await page.api.post("/v1/customers", name=page.form["name"])
    return page.see(page.url("/console/customers"), said=f"{answer['name']} was added")


@router.post("/console/test/customers/{customer_id}/tags")
async def tag_customer(page, customer_id):
    await page.api.patch("/v1/customers/{}", customer_id, tags=page.form.every("tag"))
    return page.see(page.url("/console/customers"))


@router.get("/console/test/customers/{external_id}")
async def find_customer(page, external_id):
    found = await page.api.get("/v1/customers/external/{}", external_id)
    return JSONResponse({"id": found["id"], "curl": found.call.curl("https://shop.example")})


@router.get("/console/test/refusal")
async def be_refused(page):
    try:
        await page.api.post("/v1/customers", email="nobody")
    except ApiError as refused:
        return JSONResponse([refused.status, refused.code, refused.details["field"]])


@router.get("/console/test/present")
async def ask_what_has_no_past(page):
    customers, keys = await asyncio.gather(
        page.api.get("/v1/customers"), page.api.get("/v1/api-keys")
    )
    asked = [customers.is_present, keys.is_present, page.shows_present]
    return JSONResponse({"is_present": asked, "position": page.position})


@pytest.fixture
def server(new_server):
    return new_server(pages=[router])


@pytest.fixture
def follower(console):
    console.follow_redirects = True
    return console


def names_of(client):
    return [each["name"] for each in client.get("/v1/customers").json()["customers"]]


def test_a_form_does_what_the_command_does_and_the_next_page_says_so_once(follower, client):
    shown = follower.post("/console/test/customers", data={"name": "Ama", "once": "a"})
    again = follower.get("/console/customers")

    assert names_of(client) == ["Ama"]
    assert "Ama was added" in shown.text
    assert "was added" not in again.text


def test_a_form_that_is_sent_twice_is_carried_out_once(console, client):
    for _ in range(2):
        console.post("/console/test/customers", data={"name": "Ama", "once": "the same"})

    assert names_of(client) == ["Ama"]


def test_a_form_that_was_mended_after_it_was_sent_is_another(console, client):
    console.post("/console/test/customers", data={"name": "Ana", "once": "the same"})
    console.post("/console/test/customers", data={"name": "Ama", "once": "the same"})

    assert sorted(names_of(client)) == ["Ama", "Ana"]


def test_two_forms_that_say_the_same_are_two(console, client):
    for once in ("one", "another"):
        console.post("/console/test/customers", data={"name": "Ama", "once": once})

    assert names_of(client) == ["Ama", "Ama"]


def test_every_value_of_a_name_arrives(console, client):
    customer = client.post("/v1/customers", json={"name": "Ama"}).json()

    console.post(f"/console/test/customers/{customer['id']}/tags", data={"tag": ["vip", "new"]})

    assert client.get(f"/v1/customers/{customer['id']}").json()["tags"] == ["vip", "new"]


def test_an_id_full_of_signs_stays_one_segment(console, client):
    external_id = "a/b?c=d#e {} ü%2F"
    made = client.post("/v1/customers", json={"name": "Ama", "external_id": external_id}).json()

    found = console.get("/console/test/customers/a%2Fb%3Fc=d%23e%20%7B%7D%20%C3%BC%252F").json()

    assert found["id"] == made["id"]
    assert found["curl"] == (
        'curl --header "X-Reevit-Key: $WHENCE_KEY" '
        "'https://shop.example/v1/customers/external/"
        "a%2Fb%3Fc%3Dd%23e%20%7B%7D%20%C3%BC%252F?tz=UTC'"
    )


def test_what_is_refused_names_its_field(console):
    assert console.get("/console/test/refusal").json() == [400, "validation_error", "email"]


def test_what_has_no_past_is_as_it_is_now_and_known_to_be(console, client):
    client.post("/v1/customers", json={"name": "Ama"})

    past = console.get("/console/test/present?as_of=2020-01-01").json()
    present = console.get("/console/test/present").json()

    assert past["is_present"] == [False, True, True]
    assert present["is_present"] == [False, False, False]
    assert present["position"] >= past["position"] > 0


def test_a_fault_is_a_page_and_logged_once(new_server, log):
    broken = console_router()

    @broken.get("/console/test/broken")
    async def fail(page):  # noqa: ARG001 (it never gets so far)
        raise RuntimeError("the secret of the house")

    server = new_server(pages=[broken])
    with signed_in(server.url, server.found("Ama's shop").keys["test"]) as console:
        shown = console.get("/console/test/broken")

    assert shown.status_code == 500
    assert "secret" not in shown.text
    assert [each["event"] for each in log].count("request_failed") == 1


def test_a_form_that_is_too_large_is_refused_as_a_page(console):
    refused = console.post("/console/test/customers", data={"name": "a" * 2**20})

    assert refused.status_code == 413
    assert "That was too much to send" in refused.text


@router.get("/console/test/two-looks")
async def look_twice(page):
    before = await page.api.get("/v1/customers")
    handler, book = page.request.dependencies.handler, page.request.book_name
    await handler.perform(book, lambda work: create_customer(work, CreateCustomer(name="Kofi")))
    after = await page.api.get("/v1/customers/stats")
    counted = [before["pagination"]["total"], after["total"]]
    return JSONResponse({"counted": counted, "positions": [before.position, after.position]})


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
def test_all_figures_of_a_page_are_of_one_moment(console, client):
    client.post("/v1/customers", json={"name": "Ama"})

    shown = console.get("/console/test/two-looks").json()

    assert shown["counted"] == [1, 1]
    assert len(set(shown["positions"])) == 1
    assert sorted(names_of(client)) == ["Ama", "Kofi"]


@router.post("/console/test/look-add-look")
async def look_add_look(page):
    counted = [(await page.api.get("/v1/customers/stats"))["total"]]
    await page.api.post("/v1/customers", name="Ama")
    counted.append((await page.api.get("/v1/customers/stats"))["total"])
    return JSONResponse(counted)


def test_a_page_sees_what_it_has_done_itself(console):
    assert console.post("/console/test/look-add-look").json() == [0, 1]


@router.get("/console/test/problems")
async def send_a_wrong_form(page):
    try:
        await page.api.post("/v1/payments/intents", amount="much", currency="", method="card")
    except ApiError as error:
        return JSONResponse(dict(problems_of(error).said))


def test_all_that_is_wrong_with_a_form_is_known_at_once(console):
    problems = console.get("/console/test/problems").json()

    assert set(problems) == {"amount", "currency"}
    assert all(each.endswith(".") for each in problems.values())


def test_what_no_form_can_mend_is_a_failure():
    with pytest.raises(ApiError):
        problems_of(insufficient_scope("payments:write"))


def test_what_is_wrong_with_the_whole_of_a_form_is_said_of_no_field():
    conflict = ApiError(409, "conflict", "taken", "this id is another customer's")

    assert problems_of(conflict).said == {"": "This id is another customer's."}
