"""A person's data: all that is kept of one customer, in an archive, and nothing of anybody else."""

import csv
import io
import json
from contextlib import suppress
from datetime import UTC, datetime
from zipfile import ZipFile

import httpx
import pytest
from deliverer import delivering
from waiting import awaited
from workflow_parts import do_what_follows

from delivery.messages.results import SendResult
from delivery.workflows.doing import Done
from projections.engine.turns import TooManyWaiting

on_both_databases = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)

FILES = [
    "README.txt",
    *("profile.csv", "consents.csv", "seen_by.csv"),
    *("payments.csv", "refunds.csv", "disputes.csv", "subscriptions.csv", "invoices.csv"),
    *("links.csv", "figures.csv", "messages.csv", "told.csv", "endpoints.csv", "facts.csv"),
    "data.json",
]
AMA = {"external_id": "usr_ama", "name": "Ama Mensah", "email": "family@shop.example"}
KOFI = {"external_id": "usr_kofi", "name": "Kofi Boateng", "email": "family@shop.example"}
ASKING = {"name": "size", "label": "Size", "type": "text"}
LINK = {"name": "Shirt", "amount": 4000, "currency": "GHS", "custom_fields": [ASKING]}
PLAN = {
    "plan_id": "gold",
    "amount": 900,
    "currency": "GHS",
    "interval": "monthly",
    "method": "card",
}
THANKS = {"type": "send_email", "config": {"subject": "Thanks", "body": "We got {{ money }}."}}
TO_THE_SHOP = {
    "type": "send_email",
    "config": {"subject": "Paid", "body": "{{ money }}", "to": "till@shop.example"},
}
MAIL = {
    "type": "email",
    "provider": "smtp",
    "config": {"host": "smtp.shop.example", "from": "hello@shop.example"},
}
RULE = {"name": "Thanks", "trigger": "payment.created", "actions": [THANKS, TO_THE_SHOP]}


# Nothing of the kind happened.
EMPTY = {"disputes.csv", "seen_by.csv"}

BEGUN_BY_A_STRANGER = [
    "payment.created",
    "introduction.made",
    "payment.customer_attached",
    "payment.succeeded",
]


class Archive:
    """What somebody unpacked."""

    def __init__(self, content):
        self.zip = ZipFile(io.BytesIO(content))
        assert self.zip.testzip() is None
        self.whole = json.loads(self.zip.read("data.json"))

    @property
    def names(self):
        return self.zip.namelist()

    @property
    def bytes(self):
        return b"".join(self.zip.read(name) for name in self.names)

    def table(self, name):
        return list(csv.DictReader(io.StringIO(self.zip.read(f"{name}.csv").decode())))


async def sent(_doing):
    return Done(SendResult("sent"))


def archive_of(client, customer_id):
    answer = client.get(f"/v1/customers/{customer_id}/data").raise_for_status()
    assert answer.headers["Content-Type"] == "application/zip"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{customer_id}.zip"'
    assert answer.headers["Cache-Control"] == "no-store"
    return Archive(answer.content)


def new(client, path, **body):
    return client.post(path, json=body).raise_for_status().json()


def paid(client, customer_id, link, size):
    """A payment through a link, a refund of a part of it, and a dispute."""
    payment = new(
        client,
        "/v1/payments/intents",
        amount=4000,
        currency="GHS",
        customer_id=customer_id,
        source="payment_link",
        source_id=link["id"],
        metadata={"size": size},
    )
    path = f"/v1/payments/{payment['id']}"
    new(client, f"{path}/refund", amount=150, reason=f"too big for {size}")
    return payment


@pytest.fixture
def server(new_server):
    """With nobody else's endpoints in its store."""
    return new_server()


@pytest.fixture
def two(client, server, receiver):
    """Ama and Kofi: one link, one endpoint, one email address, and the same things done by each."""
    new(client, "/v1/webhooks/endpoints", name="books", url=f"{receiver.url}/in/secret-path?key=1")
    new(client, "/v1/workflows/integrations", **MAIL)
    new(client, "/v1/workflows/rules", **RULE)
    link = new(client, "/v1/payment-links", **LINK)
    people = []
    for who, word in ((AMA, "amaword"), (KOFI, "kofiword")):
        person = new(client, "/v1/customers", **who, tags=[word], metadata={"note": word})
        of_them = f"/v1/customers/{person['id']}"
        person["payment"] = paid(client, person["id"], link, f"{word} size")["id"]
        new(client, "/v1/subscriptions", customer_id=person["id"], metadata={"note": word}, **PLAN)
        secret_place = f"{receiver.url}/in/secret-path"
        person["link"] = new(
            client,
            "/v1/payment-links",
            **LINK | {"name": f"For {word}", "webhook_url": secret_place},
            customer_id=person["id"],
        )["id"]
        consent = {"channel": "sms", "given": False, "reason": "asked"}
        client.post(f"{of_them}/consents", json=consent).raise_for_status()
        people.append(person)
    do_what_follows(server.ledger, send_email=sent)
    tell_all(client, server)
    return people


def tell_all(client, server):
    """Until the endpoint was told of everything."""
    url = server.ledger.engine.url.render_as_string(hide_password=False)
    [endpoint] = client.get("/v1/webhooks/endpoints").json()["endpoints"]

    def is_told():
        path = f"/v1/webhooks/endpoints/{endpoint['id']}"
        return client.get(path).json()["backlog"]["waiting"] == 0

    with delivering(
        server.ledger,
        url,
        previous=lambda *_: {},
        clock=lambda: datetime.now(UTC),
        looks_every_seconds=0.05,
    ):
        awaited(is_told)


@on_both_databases
def test_the_archive_holds_all_of_one_customer_and_nothing_of_another(client, two):
    ama, kofi = two

    of_ama, of_kofi = (archive_of(client, each["id"]) for each in two)

    assert of_ama.names == of_kofi.names == FILES
    for mine, other, who in ((of_ama, kofi, KOFI), (of_kofi, ama, AMA)):
        strange = [other["id"], other["payment"], other["link"], *other["tags"]]
        strange += [who["external_id"], who["name"]]
        assert not [each for each in strange if each.encode() in mine.bytes]
    for name in FILES[1:-1]:
        rows = of_ama.table(name.removesuffix(".csv"))
        assert len(rows) == len(of_ama.whole[name.removesuffix(".csv")]) > 0 or name in EMPTY
        assert f"- {name}: " in of_ama.zip.read("README.txt").decode()


def test_amounts_stand_in_minor_units_and_as_people_write_them(client, two):
    archive = archive_of(client, two[0]["id"])

    [refund] = archive.table("refunds")
    assert (refund["amount"], refund["amount_written"]) == ("150", "1.50 GHS")
    [payment] = [row for row in archive.table("payments") if row["source"] == "payment_link"]
    assert (payment["amount"], payment["amount_written"]) == ("4000", "40.00 GHS")
    assert json.loads(payment["metadata"]) == {"size": "amaword size"}
    figures = {row["figure"]: row for row in archive.table("figures")}
    assert figures["lifetime_value"]["value_written"] == "47.50 GHS"
    assert figures["risk_score"]["value"]


def test_each_value_of_the_profile_stands_with_who_recorded_it_and_from_which_fact(client, two):
    ama = two[0]
    changed = {"email": "ama@shop.example"}
    path = f"/v1/customers/{ama['id']}"
    client.patch(path, json=changed, headers={"X-Actor-Id": "usr_desk"}).raise_for_status()

    archive = archive_of(client, ama["id"])

    before, now = [row for row in archive.whole["profile"] if row["field"] == "email"]
    assert (before["value"], before["until"]) == (AMA["email"], now["since"])
    assert (now["value"], now["until"], now["actor"]) == ("ama@shop.example", None, "usr_desk")
    assert (before["topic"], now["topic"]) == ("customer.registered", "customer.updated")
    [fact] = [row for row in archive.whole["facts"] if row["position"] == now["position"]]
    assert fact["data"]["personal"]["email"] == "ama@shop.example"
    assert archive.whole["customer"]["email"] == "ama@shop.example"
    assert now["key_id"]
    assert now["request_id"]


@on_both_databases
def test_messages_stand_with_the_address_of_then_and_what_others_were_told(client, two):
    ama = two[0]
    client.patch(f"/v1/customers/{ama['id']}", json={"email": "new@shop.example"})

    archive = archive_of(client, ama["id"])

    assert {row["to"] for row in archive.table("messages")} == {AMA["email"]}
    assert {row["status"] for row in archive.table("messages")} == {"sent"}
    told = archive.table("told")
    assert {row["how"] for row in told} == {"endpoint", "send_email"}
    assert b"till@shop.example" not in archive.bytes
    assert b"secret-path" not in archive.bytes
    webhooks = [row for row in told if row["how"] == "endpoint"]
    assert {(row["receiver"], row["outcome"], row["http_status"]) for row in webhooks} == {
        ("books", "taken", "200")
    }
    assert {"customer.created", "payment.succeeded", "subscription.created"} <= {
        row["event"] for row in webhooks
    }
    [endpoint] = archive.table("endpoints")
    assert endpoint["host"] == webhooks[0]["host"]
    assert endpoint["until"] == ""


@on_both_databases
def test_that_it_was_asked_for_is_recorded_and_stands_in_it(client, two):
    ama = two[0]

    archive_of(client, ama["id"])
    second = archive_of(client, ama["id"])

    [key] = client.get("/v1/api-keys").json()
    assert [(row["asked"], row["by"]) for row in second.whole["seen_by"]] == [
        ("all data", key["id"])
    ] * 2
    facts = client.get(f"/v1/customers/{ama['id']}/facts").json()["facts"]
    assert facts[0]["topic"] == "customer.data_taken"
    assert facts[0]["key_id"] == key["id"]


def test_links_made_for_somebody_are_told_to_whoever_may_have_all_of_it_alone(client, two):
    ama, kofi = two
    new_one = {"customer_id": kofi["id"], "name": "For kofiword now"}
    client.patch(f"/v1/payment-links/{ama['link']}", json=new_one).raise_for_status()

    links = archive_of(client, ama["id"]).table("links")

    assert [(row["link_id"], row["name"]) for row in links] == [(ama["link"], "For amaword")]
    facts = client.get(f"/v1/customers/{ama['id']}/facts", params={"limit": 100}).json()["facts"]
    assert not [each for each in facts if each["topic"].startswith("payment_link.")]


@on_both_databases
def test_of_somebody_deleted_all_that_was_recorded_is_there(client, two):
    ama = two[0]
    client.delete(f"/v1/customers/{ama['id']}").raise_for_status()

    archive = archive_of(client, ama["id"])

    assert archive.whole["customer"]["deleted"] is True
    assert archive.whole["customer"]["name"] == AMA["name"]
    assert len(archive.whole["payments"]) == 2
    assert client.get("/v1/customers/external/usr_ama/data").status_code == 404


@on_both_databases
def test_what_was_paid_before_anybody_knew_by_whom_is_in_it_from_its_beginning(client):
    link = new(client, "/v1/payment-links", **LINK)
    with httpx.Client(base_url=client.base_url) as payer:
        said = {"name": "Esi", "phone": "+233241234567", "custom_fields": {"size": "XL"}}
        begun = new(payer, f"/v1/pay/{link['code']}/pay", **said)
        path = f"/v1/payments/{begun['id']}/confirm-intent"
        asked = {"client_secret": begun["client_secret"]}
        payer.post(path, params=asked, json={}).raise_for_status()
    customer = client.get(f"/v1/payments/{begun['id']}").json()["customer_id"]

    archive = archive_of(client, customer)

    payment_facts = [row for row in archive.whole["facts"] if "customer." not in row["topic"]]
    assert [row["topic"] for row in payment_facts] == BEGUN_BY_A_STRANGER
    assert payment_facts[1]["data"]["personal"]["phone"] == said["phone"]
    [payment] = archive.table("payments")
    assert payment["payer_phone"] == f"'{said['phone']}"
    assert "XL" in payment["metadata"]


@on_both_databases
def test_what_somebody_else_typed_who_paid_in_their_place_is_withheld(client, two):
    ama, _kofi = two
    link = new(client, "/v1/payment-links", **LINK)
    said = {"name": KOFI["name"], "email": KOFI["email"].upper(), "phone": "+233241234999"}
    said["custom_fields"] = {"size": "To Secret Road 12"}
    with httpx.Client(base_url=client.base_url) as payer:
        begun = new(payer, f"/v1/pay/{link['code']}/pay", **said)
    assert client.get(f"/v1/payments/{begun['id']}").json()["customer_id"] == ama["id"]

    archive = archive_of(client, ama["id"])

    [payment] = [row for row in archive.whole["payments"] if row["id"] == begun["id"]]
    assert payment["payer_name"] == "(withheld)"
    assert payment["payer_email"].casefold() == AMA["email"]
    [details] = [row for row in archive.whole["facts"] if row["topic"] == "introduction.made"]
    assert details["data"]["personal"]["name"] == "(withheld)"
    assert KOFI["name"].encode() not in archive.bytes
    assert payment["metadata"] == {"size": "(withheld)"}
    [created, *_] = [row for row in archive.whole["facts"] if row["subject_id"] == begun["id"]]
    assert created["data"]["metadata"] == {"size": "(withheld)"}
    assert b"Secret Road" not in archive.bytes


def test_who_may_have_it(client, merchant, two):
    path = f"/v1/customers/{two[0]['id']}/data"

    def answer(*scopes):
        key = new(client, "/v1/api-keys", name="k", scopes=list(scopes))["key"]
        with merchant.client(key) as caller:
            return caller.get(path)

    assert answer("customers:export").status_code == 200
    refused = answer("customers:read", "payments:read", "customers:write")
    assert (refused.status_code, refused.json()["code"]) == (403, "insufficient_scope")
    assert client.get("/v1/customers/cus_nobody/data").status_code == 404
    facts = client.get(f"/v1/customers/{two[0]['id']}/facts").json()["facts"]
    assert [each["topic"] for each in facts].count("customer.data_taken") == 1


def test_whoever_finds_too_many_waiting_has_taken_nothing(client, server):
    person = new(client, "/v1/customers", name="Ama")
    turns = server.parts.exports
    asked = 0
    with suppress(TooManyWaiting):
        while True:
            turns.ask(person["org_id"], lambda: None)
            asked += 1

    refused = client.get(f"/v1/customers/{person['id']}/data")
    for _ in range(asked):
        turns.give_back(person["org_id"])

    assert refused.status_code == 429
    facts = client.get(f"/v1/customers/{person['id']}/facts").json()["facts"]
    assert [each["topic"] for each in facts] == ["customer.registered"]
    archive_of(client, person["id"])


def test_names_that_look_like_formulas_are_none_in_tables(client):
    person = new(client, "/v1/customers", name="=HYPERLINK(1)", email="a@shop.example")

    archive = archive_of(client, person["id"])

    [name] = [row for row in archive.table("profile") if row["field"] == "name"]
    assert name["value"] == "'=HYPERLINK(1)"
    assert archive.whole["customer"]["name"] == "=HYPERLINK(1)"
