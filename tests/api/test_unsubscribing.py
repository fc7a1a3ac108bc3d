"""Unsubscribing: who is written to says that they want no more, by an address of their own."""

import httpx
import pytest

from commands.unsubscribing import token_of
from domain.organization import Organization
from whence.workflow_worker import unsubscribe_url

on_both_databases = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)

KENTE = {"name": "Kente House", "color": "#123456"}


@pytest.fixture
def token(client, merchant):
    """Makes a token for a new customer, as it stands in an email to them."""

    def token(customer_id, channel="email"):
        async def see(work):
            return await work.load_recent(Organization, work.org_id)

        return token_of(merchant.perform(see), customer_id, channel)

    client.patch("/v1/organization", json=KENTE)
    return token


@pytest.fixture
def ama(client):
    return client.post("/v1/customers", json={"email": "ama@example.com"}).json()["id"]


@pytest.fixture
def mailbox(server):
    """Somebody without a key."""
    with httpx.Client(base_url=server.url, timeout=30) as mailbox:
        yield mailbox


def consents(client, customer_id):
    found = client.get(f"/v1/customers/{customer_id}/consents").json()["consents"]
    return {each["channel"]: (each["given"], each["reason"]) for each in found}


@on_both_databases
def test_a_look_changes_nothing_and_the_button_does(client, token, ama, mailbox):
    address = f"/unsubscribe/{token(ama)}"

    looked = mailbox.get(address)
    before = consents(client, ama)
    pressed = mailbox.post(address)
    again = mailbox.post(address)

    assert (looked.status_code, before) == (200, {})
    assert "No more emails?" in looked.text
    assert "Kente House" in looked.text
    assert "ama@example.com" not in looked.text
    assert "<script" not in looked.text
    assert "script-src" not in looked.headers["content-security-policy"]
    assert "Payments recorded by Whence" in looked.text
    assert "Done: no more emails" in pressed.text
    assert again.text == pressed.text == mailbox.get(address).text
    assert consents(client, ama) == {"email": (False, "unsubscribed")}


def test_the_address_in_an_email_begins_with_that_of_the_service(merchant, token, ama):
    async def see(work):
        return await work.load_recent(Organization, work.org_id)

    organization = merchant.perform(see)
    to = unsubscribe_url("https://pay.example")

    assert to(organization, ama, "email") == f"https://pay.example/unsubscribe/{token(ama)}"
    assert to(organization, "somebody", "email") == ""
    assert unsubscribe_url("")(organization, ama, "email") == ""


def test_a_mail_program_presses_the_button_by_itself(client, token, ama, mailbox):
    one_click = {"List-Unsubscribe": "One-Click"}

    answer = mailbox.post(f"/unsubscribe/{token(ama)}", data=one_click)

    assert answer.status_code == 200
    assert consents(client, ama) == {"email": (False, "unsubscribed")}


def test_who_wants_no_emails_may_want_text_messages(client, token, ama, mailbox):
    mailbox.post(f"/unsubscribe/{token(ama, 'sms')}")

    assert consents(client, ama) == {"sms": (False, "unsubscribed")}


def test_what_is_known_of_who_bounced_is_kept(client, token, ama, mailbox):
    said = {"channel": "email", "given": False, "reason": "bounced"}
    client.post(f"/v1/customers/{ama}/consents", json=said)

    mailbox.post(f"/unsubscribe/{token(ama)}")

    assert consents(client, ama) == {"email": (False, "bounced")}


@pytest.mark.parametrize("change", ["customer", "channel", "proof", "book", "nonsense"])
def test_nobody_unsubscribes_somebody_else(client, token, ama, mailbox, change):
    other = client.post("/v1/customers", json={"email": "kofi@example.com"}).json()["id"]
    customer, channel, book, proof = token(ama).split(".")
    made_up = {
        "customer": [other.removeprefix("cus_"), channel, book, proof],
        "channel": [customer, "sms", book, proof],
        "proof": [customer, channel, book, "0" * 32],
        "book": [customer, channel, "t" + "0" * 26, proof],
        "nonsense": ["x"],
    }

    answer = mailbox.post("/unsubscribe/" + ".".join(made_up[change]))

    assert answer.status_code == 404
    assert "There is nothing here" in answer.text
    assert consents(client, ama) == consents(client, other) == {}


def test_who_is_gone_is_written_to_by_nobody(client, token, ama, mailbox):
    address = f"/unsubscribe/{token(ama)}"
    client.delete(f"/v1/customers/{ama}")

    assert mailbox.get(address).status_code == mailbox.post(address).status_code == 404
