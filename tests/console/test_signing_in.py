"""Signing in to the console, staying signed in, and being out."""

import httpx
import pytest
from api_server import Merchant
from console_browser import browser_at, signed_in
from console_people import add_person

from console.signing_in.devices import device_of
from console.signing_in.next_page import next_page

LIST = "/console/customers"
LOGIN = "/console/login"


@pytest.fixture
def key(merchant):
    return merchant.founded.keys["test"]


@pytest.fixture
def browser(server):
    with browser_at(server.url) as browser:
        yield browser


def cookies_of(answer):
    return {each.partition("=")[0]: each for each in answer.headers.get_list("set-cookie")}


def is_out(browser):
    return browser.get(LIST).headers.get("location", "").startswith(LOGIN)


def test_whoever_signs_in_goes_on_to_where_they_wanted_to(browser, key):
    answer = browser.post(LOGIN, data={"api_key": f" {key} ", "next": f"{LIST}?search=ama"})

    assert (answer.status_code, answer.headers["location"]) == (303, f"{LIST}?search=ama")
    assert browser.get(LIST).status_code == 200
    assert browser.get(LOGIN).headers["location"] == "/console"


def test_the_cookie_is_for_the_console_alone_and_out_of_reach_of_scripts(browser, key):
    answer = browser.post(LOGIN, data={"api_key": key})

    cookie = cookies_of(answer)["whence_session"]
    assert "; Path=/console;" in cookie
    assert {"HttpOnly", "SameSite=strict"} <= set(cookie.split("; "))
    assert "Secure" not in cookie


def test_where_people_come_over_tls_no_cookie_goes_without_it(new_server):
    server = new_server(public_url="https://pay.shop.example")
    with browser_at(server.url) as browser:
        answer = browser.post(LOGIN, data={"api_key": server.found("Ama").keys["test"]})

    assert {cookie.split("; ")[-1] for cookie in cookies_of(answer).values()} == {"Secure"}


def test_a_session_opens_nothing_of_the_api_and_a_key_nothing_of_the_console(console, key, server):
    session = console.cookies["whence_session"]

    for headers in (
        {"Cookie": f"whence_session={session}"},
        {"X-Reevit-Key": session},
        {"Authorization": f"Bearer {session}"},
    ):
        assert httpx.get(f"{server.url}/v1/customers", headers=headers).status_code == 401
    shown = httpx.get(f"{server.url}{LIST}", headers={"X-Reevit-Key": key})
    assert shown.status_code == 303


def test_every_browser_has_a_session_of_its_own(browser, key):
    planted = "ses_t" + "0" * 52 + "." + "a" * 43
    browser.cookies.set("whence_session", planted, path="/console")

    answer = browser.post(LOGIN, data={"api_key": key})

    given = cookies_of(answer)["whence_session"].partition("=")[2].partition(";")[0]
    assert given != planted


def test_of_two_sessions_none_is_believed(console, server):
    session = console.cookies["whence_session"]
    headers = {"Cookie": f"whence_session={session}; whence_session={session}"}

    assert httpx.get(f"{server.url}{LIST}", headers=headers).status_code == 303


def test_who_signs_in_anew_is_signed_out_of_before(browser, key, server):
    browser.post(LOGIN, data={"api_key": key})
    before = browser.cookies["whence_session"]
    browser.post(LOGIN, data={"api_key": key})

    headers = {"Cookie": f"whence_session={before}"}
    assert httpx.get(f"{server.url}{LIST}", headers=headers).status_code == 303
    assert browser.get(LIST).status_code == 200


def test_whoever_signs_out_is_out_and_so_is_a_copy(console, server):
    copy = {"Cookie": f"whence_session={console.cookies['whence_session']}"}

    answer = console.post("/console/logout")

    assert answer.headers["location"] == LOGIN
    assert "whence_session" not in console.cookies
    assert httpx.get(f"{server.url}{LIST}", headers=copy).status_code == 303
    assert "You are signed out" in console.get(LOGIN).text


def test_with_the_key_the_session_ends(client, server):
    made = client.post("/v1/api-keys", json={"name": "desk"}).json()
    with signed_in(server.url, made["key"]) as browser:
        assert not is_out(browser)

        client.delete(f"/v1/api-keys/{made['id']}")

        assert is_out(browser)


def test_a_wrong_key_is_told_so_and_kept_nowhere(browser):
    answer = browser.post(LOGIN, data={"api_key": "pfk_test_wrong.secret", "next": LIST})

    assert answer.status_code == 401
    assert "This API key is not known here." in answer.text
    assert "pfk_test_wrong" not in answer.text
    assert f'name="next" value="{LIST}"' in answer.text
    assert not cookies_of(answer)


def test_who_tries_in_vain_too_often_is_told_to_wait_and_who_succeeds_is_not_counted(new_server):
    server = new_server()
    key = server.found("Ama").keys["test"]
    with browser_at(server.url) as browser:
        for _ in range(40):
            assert browser.post(LOGIN, data={"api_key": key}).status_code == 303
        tried = [browser.post(LOGIN, data={"api_key": "guess"}) for _ in range(31)]

    assert [each.status_code for each in tried] == [401] * 30 + [429]
    assert int(tried[-1].headers["retry-after"]) > 0


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "{ours}"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://[evil"},
    ],
)
def test_what_no_page_of_ours_has_sent_does_nothing(console, server, headers):
    session = console.cookies["whence_session"]
    said = {name: value.format(ours=server.url) for name, value in headers.items()}

    answer = httpx.post(
        f"{server.url}/console/logout", headers=said | {"Cookie": f"whence_session={session}"}
    )

    assert answer.status_code == 403
    assert not is_out(console)


def test_browsers_that_say_only_where_a_page_is_from_are_believed(server, key):
    answer = httpx.post(
        f"{server.url}{LOGIN}", data={"api_key": key}, headers={"Origin": server.url}
    )

    assert answer.status_code == 303


def test_behind_a_proxy_that_calls_us_otherwise_our_pages_are_where_people_reach_them(new_server):
    server = new_server(public_url="https://pay.shop.example")
    key = server.found("Ama").keys["test"]

    answer = httpx.post(
        f"{server.url}{LOGIN}",
        data={"api_key": key},
        headers={"Origin": "https://pay.shop.example", "Host": "backend"},
    )

    assert answer.status_code == 303


def test_whom_another_site_leads_here_is_asked_again_by_a_page_of_ours(server):
    answer = httpx.get(
        f"{server.url}{LOGIN}", params={"next": LIST}, headers={"Sec-Fetch-Site": "cross-site"}
    )

    assert answer.status_code == 200
    assert answer.headers["refresh"] == f"0; url={LIST}"


@pytest.mark.parametrize(
    "asked",
    ["/console", "/console/customers", "/console/customers?search=a%2F..%2Fb&tags=x", "/console?x"],
)
def test_one_may_go_on_within_the_console(asked):
    assert next_page(asked) == asked


@pytest.mark.parametrize(
    "asked",
    [
        None,
        "",
        "https://evil.example/console",
        "//evil.example/console",
        "/\\evil.example",
        "/console\\..\\..\\x",
        "/console/../v1/customers",
        "/console/%2e%2E/v1",
        "/console/..",
        "/consoles",
        "/v1/customers",
        "/console/login",
        "/console/logout",
        "/console/a\r\nSet-Cookie: x=y",
        "/console/ä",
        "javascript:alert(1)",
        " /console",
    ],
)
def test_one_goes_on_nowhere_else(asked):
    assert next_page(asked) == "/console"


@pytest.mark.parametrize(
    ("user_agent", "device"),
    [
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Firefox on Linux",
        ),
        (
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
                "Chrome/139.0.0.0 Safari/537.36 Edg/139.0.0.0"
            ),
            "Edge on Windows",
        ),
        (
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 "
                "(KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
            ),
            "Safari on iPhone",
        ),
        (
            (
                "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) "
                "Chrome/139.0.0.0 Mobile Safari/537.36"
            ),
            "Chrome on Android",
        ),
        ("curl/8.5.0", None),
        ("<script>", None),
        (None, None),
    ],
)
def test_a_device_is_called_as_people_call_it(user_agent, device):
    assert device_of(user_agent) == device


def test_no_secret_is_logged(new_server, log):
    server = new_server()
    key = server.found("Ama").keys["test"]
    with signed_in(server.url, key) as browser:
        session = browser.cookies["whence_session"]
        browser.get(LIST)
        browser.post(LOGIN, data={"api_key": "wrong-secret"})

    said = repr(log)
    assert all(secret not in said for secret in (key, session, "wrong-secret"))


def test_the_form_says_to_a_password_manager_what_is_what(browser):
    form = browser.get(LOGIN).text

    for field, kind in (
        ("email", "username"),
        ("password", "current-password"),
        ("organization", "organization"),
    ):
        [box] = [each for each in form.split("<input")[1:] if f'name="{field}"' in each]
        assert f'autocomplete="{kind}"' in box.partition(">")[0]


def test_while_nobody_has_an_account_the_page_says_where_the_first_key_is(new_server):
    server = new_server()
    merchant = Merchant(server, server.found("Ama's shop"))
    first = httpx.get(f"{server.url}{LOGIN}").text

    assert first.index('name="api_key"') < first.index('name="password"')
    assert "WHENCE_KEYS_FILE" in first
    assert f"whence keys create {merchant.org_id}" in first
    assert not [key for key in merchant.founded.keys.values() if key in first]

    add_person(merchant, "efua@shop.example", "owner")

    later = httpx.get(f"{server.url}{LOGIN}").text
    assert later.index('name="password"') < later.index('name="api_key"')
    assert "whence keys create" not in later


def test_where_there_are_several_organizations_no_stranger_is_told_of_any(new_server):
    server = new_server()
    founded = [server.found(name).org_id for name in ("Ama's shop", "Kofi's shop")]

    page = httpx.get(f"{server.url}{LOGIN}").text

    assert not [each for each in founded if each in page]
    assert page.index('name="password"') < page.index('name="api_key"')
