"""My account: another password, which is asked the old one and shuts out everybody else."""

import pytest
from console_browser import browser_at
from console_people import PASSWORD, add_person, credentials, signed_in_as
from money_console import read

PLACE = "/console/settings/account"
EFUA = "efua@shop.example"
NEW = "another long password"


@pytest.fixture
def efua(merchant):
    add_person(merchant, EFUA, "support", "Efua Asante")
    with signed_in_as(merchant, EFUA) as browser:
        yield browser


def change(browser, **said):
    fields = {"old": PASSWORD, "new": NEW, "again": NEW, **said}
    return browser.post(f"{PLACE}/password", data=fields)


def test_everybody_sees_who_they_are_and_what_they_may(efua, console, merchant):
    assert {"Efua Asante", "Support", merchant.org_id} <= {
        word for word in ("Efua Asante", "Support", merchant.org_id) if word in read(efua, PLACE)
    }
    assert "Change the password" not in read(console, PLACE)
    assert "first key" in read(console, PLACE)


def test_with_another_password_one_stays_signed_in_here_and_nowhere_else(efua, merchant):
    with signed_in_as(merchant, EFUA) as elsewhere:
        done = change(efua)

        assert done.headers["location"] == PLACE
        assert "You are signed out elsewhere" in read(efua, PLACE)
        assert elsewhere.get(PLACE).status_code == 303
    with browser_at(merchant.server.url) as browser:
        assert browser.post("/console/login", data=credentials(merchant, EFUA)).status_code == 401
        login = credentials(merchant, EFUA, NEW)
        assert browser.post("/console/login", data=login).status_code == 303


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"old": "wrong password"}, "This is not your password."),
        ({"new": "short", "again": "short"}, "It needs 12 characters or more."),
        ({"again": "another long passwort"}, "This is not what you wrote above."),
    ],
)
def test_what_is_wrong_is_said_and_nobody_is_out(efua, merchant, said, told):
    refused = change(efua, **said)

    assert refused.status_code == 422
    assert told in refused.text
    assert NEW not in refused.text
    assert read(efua, PLACE)
    with signed_in_as(merchant, EFUA):
        pass


def test_who_guesses_the_old_password_is_told_to_wait(efua):
    tried = [change(efua, old=f"wrong password {number}").status_code for number in range(11)]

    assert tried == [422] * 10 + [429]


def test_a_key_has_no_password(console):
    assert change(console).status_code == 422


def test_the_form_says_to_a_password_manager_what_is_what(efua):
    form = efua.get(PLACE).text

    assert 'autocomplete="current-password"' in form
    assert form.count('autocomplete="new-password"') == 2
    assert f'value="{EFUA}" autocomplete="username"' in form


def test_passwords_are_not_logged(efua, log):
    change(efua)

    assert NEW not in repr(log)
