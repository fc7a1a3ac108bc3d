"""A customer has one name, however it is written, on every way in."""

import pytest

pytestmark = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)

ZOE = "zo\u00e9 1"
WRITTEN = (ZOE, "zoe\u0301 1", "\ufeffzo\u00e9\u200b 1 ")


def listed(client, **asked):
    return [each["id"] for each in client.get("/v1/customers", params=asked).json()["customers"]]


def test_an_external_id_finds_its_customer_however_it_is_written(client):
    zoe = client.post("/v1/customers", json={"external_id": f" {WRITTEN[1]}"}).json()
    assert zoe["external_id"] == ZOE

    for written in WRITTEN:
        path = f"/v1/customers/external/{written}"
        looked_up = client.get("/v1/customers/lookup", params={"external_id": written})
        assert looked_up.json()["id"] == client.get(path).json()["id"] == zoe["id"]
        assert listed(client, external_id=written) == listed(client, search=written.strip())
        assert listed(client, external_id=written) == [zoe["id"]]
        put = client.put(path, json={"name": "Zo\u00e9"})
        assert (put.status_code, put.json()["id"]) == (200, zoe["id"])
        paid = {"amount": 4000, "currency": "GHS", "customer_id": written}
        assert client.post("/v1/payments/intents", json=paid).json()["customer_id"] == zoe["id"]
        refused = client.post("/v1/customers", json={"external_id": written})
        assert refused.status_code == 409
        assert refused.json()["details"]["customer_id"] == zoe["id"]
    assert client.get(f"/v1/customers/external/{ZOE}/payments").json()["pagination"]["total"] == 3


@pytest.mark.parametrize("nothing", [" ", "\u200b"])
def test_an_external_id_of_which_nothing_is_seen_names_nobody(client, nothing):
    anonymous = client.post("/v1/customers", json={"external_id": "\u200b"}).json()

    assert anonymous["external_id"] is None
    assert client.put(f"/v1/customers/external/{nothing}", json={}).status_code == 400
    assert client.get(f"/v1/customers/external/{nothing}").status_code == 404


def test_a_mailbox_is_one_in_every_case_and_composition(client):
    zoe = client.post("/v1/customers", json={"email": "ZOE\u0301@example.com"}).json()
    client.post("/v1/customers", json={"email": "strasse@example.com"})

    assert listed(client, email="zo\u00e9@EXAMPLE.com") == [zoe["id"]]
    assert listed(client, email="ZO\u00c9@example.com") == [zoe["id"]]
    assert listed(client, email="stra\u00dfe@example.com") == []
    paid = {"amount": 4000, "currency": "GHS", "customer_id": "zoe\u0301@example.com"}
    assert client.post("/v1/payments/intents", json=paid).json()["customer_id"] == zoe["id"]


def test_a_number_is_kept_and_found_in_one_form(client):
    ama = client.post("/v1/customers", json={"phone": "+233 024 412 3456"}).json()
    path = f"/v1/customers/{ama['id']}"

    assert ama["phone"] == "+233244123456"
    changed = client.patch(path, json={"phone": "+2330244123456"}).json()
    assert changed["phone"] == client.get(path).json()["phone"] == "+233244123456"
    for written in ("+233 024 412 3456", "024 412 3456", "0244123456", "244 123"):
        assert listed(client, search=written) == [ama["id"]], written
    old = client.post("/v1/customers", json={"phone": "+229 97 12 34 56"})
    assert (old.status_code, old.json()["phone"]) == (201, "+22997123456")


def test_a_bad_phone_is_answered_with_a_good_one(client):
    refused = client.post("/v1/customers", json={"phone": "0244123456"})

    assert refused.status_code == 400
    assert refused.json()["details"]["field"] == "phone"
    assert "E.164, for example +233201234567" in refused.json()["message"]


def test_a_tag_is_kept_as_it_can_be_asked_for(client):
    tags = [" vip ", "cafe\u0301", "vip"]
    ama = client.post("/v1/customers", json={"tags": tags}).json()

    assert ama["tags"] == ["vip", "caf\u00e9"]
    for asked in ("vip", " vip", "caf\u00e9", "cafe\u0301", "vip,cafe\u0301"):
        assert listed(client, tags=asked, tags_match="all") == [ama["id"]], asked
    for tag in ("big, slow", " ", ","):
        refused = client.patch(f"/v1/customers/{ama['id']}", json={"tags": [tag]})
        assert refused.status_code == 400, tag


def test_links_and_payments_are_found_without_accents_too(client):
    terms = {"name": "Caf\u00e9 \u0190dan", "amount": 4000, "currency": "GHS"}
    link = client.post("/v1/payment-links", json=terms).json()
    made = {"amount": 4000, "currency": "GHS", "description": "Cafe\u0301"}
    payment = client.post("/v1/payments/intents", json=made).json()

    links = client.get("/v1/payment-links", params={"search": "cafe edan"}).json()["payment_links"]
    payments = client.get("/v1/payments", params={"search": "CAF\u00c9"}).json()
    assert [each["id"] for each in links] == [link["id"]]
    assert [each["id"] for each in payments] == [payment["id"]]
