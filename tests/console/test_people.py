"""People who are signed in to the console: what they see, what they may, who keeps them out."""

import json
import re
from datetime import UTC, datetime
from io import BytesIO
from zipfile import ZipFile

import httpx
import pytest
from api_server import Merchant
from console_browser import browser_at
from console_people import add_person, credentials, signed_in_as
from starlette.responses import JSONResponse

from console.routing import console_router

LIST = "/console/customers"
LOGIN = "/console/login"
SESSIONS = "/console/settings/sessions"
EFUA = "efua@shop.example"
AMA = {"name": "Ama Mensah", "email": "ama.mensah@gmail.com", "phone": "+233501234589"}


@pytest.fixture
def ama(client):
    made = client.post("/v1/customers", json=AMA)
    assert made.status_code == 201
    return made.json()


@pytest.fixture
def support(merchant):
    add_person(merchant, EFUA, "support", "Efua Asante")
    with signed_in_as(merchant, EFUA) as browser:
        yield browser


@pytest.mark.parametrize(
    "place",
    [
        *("customers", "customers/top", "payments", "payments/refunds", "payments/disputes"),
        *("invoices", "subscriptions", "links"),
    ],
)
def test_a_list_is_offered_as_a_file_to_whoever_may_take_it(console, support, client, ama, place):
    plan = {"plan_id": "gold", "amount": 4000, "currency": "GHS", "interval": "monthly"}
    paid = {"amount": 4000, "currency": "GHS", "customer_id": ama["id"]}
    for path, body in (
        ("subscriptions", plan | {"method": "momo", "customer_id": ama["id"]}),
        ("payment-links", {"name": "Tea", "amount": 100, "currency": "GHS"}),
        ("payments/intents", paid),
    ):
        made = client.post(f"/v1/{path}", json=body).raise_for_status().json()
    client.post(f"/v1/payments/{made['id']}/refund", json={"amount": 100}).raise_for_status()
    client.post(f"/v1/payments/{made['id']}/dispute", json={"amount": 100}).raise_for_status()

    offered = [each.get(f"/console/{place}").text for each in (console, support)]

    assert ["Export CSV" in each for each in offered] == [True, False]


def test_a_person_looks_at_either_book(merchant, client, ama):  # noqa: ARG001
    add_person(merchant, EFUA, "owner")
    with signed_in_as(merchant, EFUA, mode="live") as browser:
        assert "Ama Mensah" not in browser.get(LIST).text

        browser.post("/console/mode", data={"mode": "test"})

        assert "Ama Mensah" in browser.get(LIST).text


def test_who_finds_nothing_live_is_told_of_test_mode_where_they_look(merchant):
    add_person(merchant, EFUA, "owner")
    with signed_in_as(merchant, EFUA, mode="live") as browser:
        page = browser.get("/console").text

    content = page[page.index('<main id="content"') :]
    assert "What was tried out stands in test mode." in content
    assert 'action="/console/mode"' in content


def test_support_sees_customers_covered(support, ama):  # noqa: ARG001
    asked = {"search": "ama.mensah@gmail.com"}, {"as_of": datetime.now(UTC).isoformat()}
    for shown in (support.get(LIST), *(support.get(LIST, params=each) for each in asked)):
        assert "A••• M•••" in shown.text
        assert "Mensah" not in shown.text
        assert "501234589" not in shown.text


@pytest.fixture
def covered_page(pages, support, merchant, ama):
    """The page of a customer, as somebody from support finds it."""
    page = pages.fresh(scripts=True)
    page.context.add_cookies(
        [
            {"name": name, "value": value, "url": f"{merchant.server.url}/console"}
            for name, value in support.cookies.items()
        ]
    )
    page.goto(f"{merchant.server.url}{LIST}/{ama['id']}")
    return page


def test_who_it_is_stands_in_the_place_of_the_cover(covered_page, ama):
    page = covered_page

    page.get_by_role("button", name="Show who it is").click()

    page.get_by_text(AMA["phone"]).wait_for()
    shown = page.locator(".identity").inner_text()
    assert "Ama Mensah" in shown
    assert "•••" not in shown
    assert page.url.endswith(ama["id"])


def called(page):
    """What a page of a customer calls them: above it, and where it says who it is."""
    return page.locator("h1").inner_text(), page.locator(".identity").inner_text()


@pytest.fixture
def shown_page(covered_page):
    """The same, on which they asked who it is."""
    page = covered_page
    page.get_by_role("button", name="Show who it is").click()
    page.get_by_text("Seen by somebody").wait_for()
    return page


def test_who_was_shown_is_covered_again_when_the_session_ends(shown_page, support, client, ama):
    page = shown_page
    assert all("Ama Mensah" in each for each in called(page))
    support.post("/console/logout")
    client.patch(f"/v1/customers/{ama['id']}", json={"tags": ["renewed"]})

    page.get_by_role("link", name="sign in again").wait_for()

    assert not any("Ama Mensah" in each for each in called(page))
    assert AMA["phone"] not in page.content()


@pytest.fixture
def visits(client, ama):
    """So much happened to the customer that it takes more than one page."""
    for number in range(20):
        client.patch(f"/v1/customers/{ama['id']}", json={"metadata": {"visits": number}})


@pytest.mark.usefixtures("visits")
def test_who_was_shown_stays_so_until_the_page_is_left(shown_page, client, ama):
    page, titles = shown_page, [shown_page.title()]
    client.patch(f"/v1/customers/{ama['id']}", json={"tags": ["renewed"]})
    page.get_by_role("link", name="renewed").wait_for()
    renewed = called(page)
    page.get_by_role("link", name="Next").click()
    page.get_by_text("Became a customer").wait_for()

    for shown in (renewed, called(page)):
        assert all("Ama Mensah" in each and "•••" not in each for each in shown)
    # The history of a browser keeps them.
    assert not any("Mensah" in each for each in [*titles, page.title()])
    seen = [
        each
        for each in client.get(f"/v1/customers/{ama['id']}/facts").json()["facts"]
        if each["topic"] == "customer.revealed"
    ]
    assert len(seen) == 1


def test_support_sees_who_somebody_is_when_they_ask_once_and_it_is_recorded(support, client, ama):
    asked = support.post(f"{LIST}/{ama['id']}/reveal")

    assert asked.status_code == 200
    shown = asked.text.replace("<wbr>", "")
    assert all(value in shown for value in ("Ama Mensah", AMA["email"], AMA["phone"]))
    assert "Mensah" not in support.get(LIST).text
    [revealed, _registered] = client.get(f"/v1/customers/{ama['id']}/facts").json()["facts"]
    assert revealed["topic"] == "customer.revealed"
    assert revealed["actor"] == revealed["data"]["user_id"]
    assert revealed["actor"].startswith("usr_")


def test_who_sees_customers_anyway_is_led_to_them_and_nothing_is_recorded(console, client, ama):
    asked = console.post(f"{LIST}/{ama['id']}/reveal")

    assert asked.headers["location"].startswith(f"{LIST}/{ama['id']}")
    assert len(client.get(f"/v1/customers/{ama['id']}/facts").json()["facts"]) == 1


def test_support_edits_a_customer_whose_covered_fields_stay_when_left_empty(
    pages, support, merchant, client, ama
):
    page = pages.fresh(scripts=True)
    page.context.add_cookies(
        [
            {"name": name, "value": value, "url": f"{merchant.server.url}/console"}
            for name, value in support.cookies.items()
        ]
    )
    page.goto(f"{merchant.server.url}{LIST}/{ama['id']}/edit")

    shown = [page.get_by_label(each).get_attribute("placeholder") for each in ("Email", "Phone")]
    page.get_by_label("Name").fill("Ama Owusu")
    page.get_by_label("Tags").fill("called")
    page.get_by_role("button", name="Save changes").click()

    page.get_by_text("Saved.").wait_for()
    known = client.get(f"/v1/customers/{ama['id']}").json()
    assert shown == ["a•••@g•••.com", "+233 ••• •• 89"]
    assert {name: known[name] for name in AMA} == AMA | {"name": "Ama Owusu"}
    assert known["tags"] == ["called"]


def test_tags_that_are_covered_stay_when_something_else_is_changed(support, client, ama):
    client.patch(f"/v1/customers/{ama['id']}", json={"tags": ["ama@gmail.com", "vip"]})
    form = {"name": "Ama Owusu", "tags": "a•••@g•••.com, vip"}

    kept = support.post(f"{LIST}/{ama['id']}/edit", data=form)
    refused = support.post(f"{LIST}/{ama['id']}/edit", data=form | {"tags": "a•••@g•••.com"})

    assert kept.status_code == 303
    assert "covered in part" in refused.text
    known = client.get(f"/v1/customers/{ama['id']}").json()
    assert known["name"] == "Ama Owusu"
    assert known["tags"] == ["ama@gmail.com", "vip"]


def test_nobody_is_revealed_who_is_not_there_or_of_the_other_book(support, merchant, ama):
    with signed_in_as(merchant, EFUA, mode="live") as live:
        assert live.post(f"{LIST}/{ama['id']}/reveal").status_code == 404
    assert support.post(f"{LIST}/cus_{'0' * 26}/reveal").status_code == 404


def test_all_that_is_kept_of_a_customer_is_downloaded_by_whoever_may(console, support, ama):
    profile = f"{LIST}/{ama['id']}"

    taken = console.get(f"{profile}/data.zip")

    assert "Download all data" in console.get(profile).text
    assert taken.headers["content-type"] == "application/zip"
    assert taken.headers["content-disposition"].endswith(f'filename="{ama["id"]}.zip"')
    assert "Ama Mensah" in ZipFile(BytesIO(taken.content)).read("profile.csv").decode()
    assert "Download all data" not in support.get(profile).text
    assert support.get(f"{profile}/data.zip").status_code == 403
    assert "All that is known of them was downloaded" in console.get(profile).text


def test_support_takes_no_list_away(support, ama):  # noqa: ARG001
    refused = support.get(f"{LIST}.csv")

    assert refused.status_code == 403
    assert "Mensah" not in refused.text


def test_whatever_support_asks_of_the_api_by_its_address_is_covered_or_refused(new_server):
    asking = console_router()

    @asking.post("/console/test/asked")
    async def ask(page):
        method, path = page.form["method"], page.form["path"]
        body = json.loads(page.form.get("body", "{}"))
        if method == "PASSED ON":
            return page.api.passed_on(path)
        answer = await getattr(page.api, method)(path, **body)
        return JSONResponse(answer.body, answer.status)

    server = new_server(pages=[asking])
    merchant = Merchant(server, server.found("Ama's shop"))
    with merchant.client() as client:
        ama = client.post("/v1/customers", json=AMA).json()
    add_person(merchant, EFUA, "support")
    with signed_in_as(merchant, EFUA) as browser:

        def asked(method, path, **body):
            form = {"method": method, "path": path, "body": json.dumps(body)}
            return browser.post("/console/test/asked", data=form)

        of_ama = f"/v1/customers/{ama['id']}"
        shown = [
            asked("get", path)
            for path in (
                of_ama,
                "/v1/customers",
                "/v1/events",
                f"{of_ama}/facts",
                f"{of_ama}/state",
            )
        ]
        sent_back = asked("patch", of_ama, name="A••• M•••", tags=["vip"])
        refused = [
            asked("delete", of_ama),
            asked("PASSED ON", "/v1/exports/customers"),
            asked("PASSED ON", of_ama),
            asked("get", "/v1/api-keys"),
            asked("post", "/v1/payment-links", name="x", amount=1, currency="GHS"),
        ]

    assert {each.status_code for each in shown} == {200}
    assert not [each for each in shown if "Mensah" in each.text or "501234589" in each.text]
    assert sent_back.json()["tags"] == ["vip"]
    with merchant.client() as client:
        assert client.get(of_ama).json()["name"] == "Ama Mensah"
    assert {each.status_code for each in refused} == {403}


def test_what_a_person_records_has_them_as_its_actor(merchant, client, new_server):  # noqa: ARG001
    user = add_person(merchant, EFUA, "owner")
    with signed_in_as(merchant, EFUA):
        pass

    facts = merchant.server.ledger.read(f"{merchant.org_id}/live", limit=100)
    [began] = [each for each in facts if each.topic == "console_session.began"]
    assert json.loads(began.context)["actor"] == user.id


def test_a_wrong_password_says_nothing_of_who_there_is(merchant):
    add_person(merchant, EFUA, "owner")
    with browser_at(merchant.server.url) as browser:
        wrong = browser.post(LOGIN, data=credentials(merchant, EFUA, "wrong password"))
        unknown = browser.post(LOGIN, data=credentials(merchant, "kofi@shop.example"))

    assert (wrong.status_code, unknown.status_code) == (401, 401)
    said = [re.sub('(name="once" value=)"[^"]+"', r"\1", each.text) for each in (wrong, unknown)]
    assert said[0] == said[1].replace("kofi@shop.example", EFUA)
    assert "wrong password" not in wrong.text


def test_trying_in_somebody_s_name_does_not_keep_them_out_where_they_have_been(merchant):
    add_person(merchant, EFUA, "owner")
    with signed_in_as(merchant, EFUA) as browser:
        browser.post("/console/logout")
        with browser_at(merchant.server.url) as stranger:
            tried = [
                stranger.post(LOGIN, data=credentials(merchant, EFUA, "wrong password"))
                for _ in range(11)
            ]

        again = browser.post(LOGIN, data=credentials(merchant, EFUA))

    assert [each.status_code for each in tried] == [401] * 10 + [429]
    assert again.status_code == 303


def test_the_organization_one_was_signed_in_to_is_filled_in(merchant):
    add_person(merchant, EFUA, "owner")
    with signed_in_as(merchant, EFUA) as browser:
        browser.post("/console/logout")

        assert f'value="{merchant.org_id}"' in browser.get(LOGIN).text


def test_so_is_the_only_one_there_is(new_server):
    server = new_server()
    only = server.found("Ama's shop")

    assert f'value="{only.org_id}"' in httpx.get(f"{server.url}{LOGIN}").text

    server.found("Kofi's shop")
    assert f'value="{only.org_id}"' not in httpx.get(f"{server.url}{LOGIN}").text


def test_everybody_sees_their_own_sessions_and_an_owner_those_of_all(merchant, support):
    add_person(merchant, "kofi@shop.example", "owner", "Kofi Boateng")
    with signed_in_as(merchant, "kofi@shop.example") as owner:
        seen = {"owner": owner.get(SESSIONS).text, "support": support.get(SESSIONS).text}

    assert {name for name in ("Efua Asante", "Kofi Boateng") if name in seen["owner"]} == {
        "Efua Asante",
        "Kofi Boateng",
    }
    assert "Efua Asante" in seen["support"]
    assert "Kofi Boateng" not in seen["support"]


def test_a_session_is_ended_by_whose_it_is_or_by_an_owner_and_nobody_else(merchant, support):
    add_person(merchant, "kofi@shop.example", "owner")
    with signed_in_as(merchant, "kofi@shop.example") as owner:
        own, of_support = session_of(owner), session_of(support)

        refused = support.post(f"{SESSIONS}/{own}/end")
        ended = owner.post(f"{SESSIONS}/{of_support}/end")

        assert refused.status_code == 404
        assert ended.headers["location"] == SESSIONS
        assert support.get(SESSIONS).headers["location"].startswith(LOGIN)
        assert owner.get(SESSIONS).status_code == 200

        out = owner.post(f"{SESSIONS}/{own}/end")

        assert out.headers["location"] == LOGIN
        assert owner.get(SESSIONS).status_code == 303


def session_of(browser):
    return f"ses_{browser.cookies['whence_session'].partition('.')[0][-26:]}"
