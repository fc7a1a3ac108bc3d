"""Files of all payments: read on while they are sent, of one moment, cut when they go wrong."""

import csv
import io
import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlencode, urlsplit

import httpx
import pytest

on_both_databases = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
STEP = 10
MORE_THAN_TWO_STEPS = 2 * STEP + 10


@pytest.fixture(autouse=True)
def short_steps(monkeypatch):
    for module in ("api.resources.export_files", "projections.engine.querying.pages"):
        monkeypatch.setattr(f"{module}.EXPORT_STEP", STEP)


@pytest.fixture
def payments(client):
    """The ids of enough payments for several steps, newest first."""

    def pay(number):
        body = {"amount": number + 1, "currency": "GHS", "description": f"parcel {number}, small"}
        return client.post("/v1/payments/intents", json=body).json()["id"]

    with ThreadPoolExecutor(8) as many:
        return sorted(many.map(pay, range(MORE_THAN_TWO_STEPS)), reverse=True)


@on_both_databases
@pytest.mark.parametrize("path", ["/v1/payments/export", "/v1/exports/payments"])
def test_an_export_of_many_steps_has_every_payment_once_in_both_forms(client, payments, path):
    exported = client.get(path)
    table = client.get(path, params={"format": "csv"})

    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert exported.headers["Content-Type"] == "application/json"
    assert "Content-Length" not in exported.headers
    assert exported.json()["total"] == len(payments)
    assert sorted((each["id"] for each in exported.json()["payments"]), reverse=True) == payments
    assert [row["id"] for row in rows] == [each["id"] for each in exported.json()["payments"]]
    assert int(exported.headers["Whence-Position"]) >= len(payments)


@pytest.mark.parametrize("name", ["payments", "refunds", "disputes"])
def test_an_export_of_nothing_is_an_empty_list_and_a_line_of_names(client, name):
    table = client.get(f"/v1/exports/{name}", params={"format": "csv"}).text

    assert client.get(f"/v1/exports/{name}").json() == {name: [], "total": 0}
    assert table.startswith("id,payment_id,")
    assert table.count("\n") == 1


@on_both_databases
def test_refunds_and_disputes_are_exported_step_by_step_in_both_forms(client, payments):
    def take_back(payment):
        for step in ("confirm", "refund", "dispute"):
            said = {} if step == "confirm" else {"amount": 1}
            client.post(f"/v1/payments/{payment}/{step}", json=said).raise_for_status()

    with ThreadPoolExecutor(8) as many:
        list(many.map(take_back, payments))

    for name in ("refunds", "disputes"):
        exported = client.get(f"/v1/exports/{name}").json()
        table = client.get(f"/v1/exports/{name}", params={"format": "csv"})
        rows = list(csv.DictReader(io.StringIO(table.text)))
        moments = [each["created_at"] for each in exported[name]]
        assert sorted((each["payment_id"] for each in exported[name]), reverse=True) == payments
        assert exported["total"] == len({each["id"] for each in exported[name]}) == len(payments)
        assert moments == sorted(moments, reverse=True)
        assert [row["id"] for row in rows] == [each["id"] for each in exported[name]]
        assert table.headers["Content-Type"].startswith("text/csv")
        assert "Content-Length" not in table.headers


@on_both_databases
@pytest.mark.parametrize("name", ["payments", "refunds", "disputes"])
def test_an_export_of_the_past_has_what_had_happened_by_then(client, name):
    body = {"amount": 4010, "currency": "GHS", "occurred_at": "2026-04-01T12:00:00Z"}
    payment = client.post("/v1/payments/intents", json=body).raise_for_status().json()["id"]
    happened = {"occurred_at": "2026-04-02T12:00:00Z"}
    for step, said in {"confirm": {}, "refund": {"amount": 1}, "dispute": {"amount": 2}}.items():
        client.post(f"/v1/payments/{payment}/{step}", json=said | happened).raise_for_status()
    path, before = f"/v1/exports/{name}", "2026-04-02" if name != "payments" else "2026-04-01"

    def exported(**asked):
        table = client.get(path, params=asked | {"format": "csv"}).raise_for_status().text
        rows = list(csv.DictReader(io.StringIO(table)))
        found = client.get(path, params=asked).raise_for_status().json()
        assert [row["id"] for row in rows] == [each["id"] for each in found[name]]
        return found["total"]

    assert exported(as_of=before) == 0
    assert exported(as_of="2026-04-03") == exported() == 1
    assert exported(known_at="2026-04-03") == 0


def test_an_export_that_goes_wrong_midway_is_cut_and_never_looks_whole(
    client, payments, server, log, monkeypatch
):
    assert payments
    show, shown = _breaking_after(STEP + 1)
    monkeypatch.setattr("api.payments.exports.listed_payment_of", show)

    with pytest.raises(httpx.RemoteProtocolError):
        client.get("/v1/payments/export")

    assert len(shown) == STEP + 1
    assert "request_failed" in {entry["event"] for entry in log}
    monkeypatch.undo()
    assert client.get("/v1/payments/export").json()["total"] == len(payments)
    assert server.parts.views.waiting == 0


def test_an_export_that_goes_wrong_at_once_is_a_plain_error(client, monkeypatch):
    client.post("/v1/payments/intents", json={"amount": 1, "currency": "GHS"})
    monkeypatch.setattr("api.payments.exports.listed_payment_of", _breaking_after(0)[0])

    answer = client.get("/v1/payments/export")

    assert answer.status_code == 500
    assert answer.json()["code"] == "server_error"


def test_who_hangs_up_in_the_middle_of_an_export_is_read_no_further_for(
    payments, merchant, monkeypatch
):
    assert payments
    read = []

    def slowly(listed, org_id):
        read.append(org_id)
        time.sleep(0.05)
        return {"id": listed.payment.payment_id, "filling": "x" * 10_000}

    monkeypatch.setattr("api.payments.exports.listed_payment_of", slowly)

    with merchant.client() as impatient, impatient.stream("GET", "/v1/payments/export") as answer:
        next(answer.iter_bytes())
    time.sleep(2)

    assert STEP <= len(read) < MORE_THAN_TWO_STEPS


@pytest.fixture
def large_rows(monkeypatch):
    """Far more than waits between two sockets."""

    def show(listed, _org_id):
        return {"id": listed.payment.payment_id, "filling": "x" * 400_000}

    monkeypatch.setattr("api.payments.exports.listed_payment_of", show)


@contextmanager
def stalled(merchant, count, **asked):
    """So many who ask for an export, and take nothing of it but its beginning."""
    where = urlsplit(merchant.server.url)
    key = merchant.founded.keys["test"]
    path = f"/v1/payments/export?{urlencode(asked)}"
    asking = f"GET {path} HTTP/1.1\r\nHost: x\r\nX-Reevit-Key: {key}\r\n\r\n"
    with ExitStack() as stack:
        connections = []
        for _ in range(count):
            connection = stack.enter_context(socket.socket())
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.settimeout(30)
            connection.connect((where.hostname, where.port))
            connection.sendall(asking.encode())
            connections.append(connection)
        for connection in connections:
            assert connection.recv(15) == b"HTTP/1.1 200 OK"
        yield connections


def eventually(holds):
    until = time.monotonic() + 20
    while not holds() and time.monotonic() < until:
        time.sleep(0.02)
    return holds()


@on_both_databases
@pytest.mark.usefixtures("large_rows")
@pytest.mark.parametrize("moment", ["present", "past"])
def test_who_takes_nothing_of_an_export_holds_nothing_that_others_need(
    payments, merchant, client, moment
):
    """Neither a turn nor a connection of the views: all that is asked for is read to its end."""
    parts = merchant.server.parts
    asked = {"known_at": datetime.now(UTC).isoformat()} if moment == "past" else {}

    with stalled(merchant, 6, **asked):
        exported = client.get("/v1/payments/export", params=asked).raise_for_status().json()
        assert exported["total"] == len(payments)
        assert eventually(lambda: (parts.views.streaming, parts.past.streaming) == (0, 0))
        assert parts.exports.under_way == 6

    assert eventually(lambda: parts.exports.under_way == 0)


@pytest.mark.usefixtures("payments", "large_rows")
def test_who_takes_nothing_for_long_is_cut_off(merchant, monkeypatch):
    monkeypatch.setattr("api.http.streaming.TAKEN_WITHIN_SECONDS", 0.3)

    with stalled(merchant, 1) as [connection]:
        assert eventually(lambda: merchant.server.parts.exports.under_way == 0)
        received = b"".join(iter(lambda: connection.recv(65536), b""))

    # Cut, and not ended: nobody takes it for the whole.
    assert not received.endswith(b"0\r\n\r\n")


@pytest.mark.usefixtures("payments", "large_rows")
def test_an_organization_has_so_many_exports_under_way_and_another_its_own(merchant, client):
    other = replace(merchant, founded=merchant.server.found("Kofi's shop"))

    with stalled(merchant, 8):
        refused = client.get("/v1/payments/export")
        with other.client() as apart:
            assert apart.get("/v1/payments/export").json() == {"payments": [], "total": 0}

    body = refused.json()
    assert (refused.status_code, body["error"], body["code"]) == (
        *(429, "rate_limited", "rate_limit_exceeded"),
    )
    assert refused.headers["Retry-After"] == str(body["retry_after"]) == "5"
    assert eventually(lambda: client.get("/v1/payments/export").is_success)


def _breaking_after(count):
    shown = []

    def show(listed, _org_id):
        if len(shown) == count:
            raise LookupError("a row nobody can read")
        shown.append(listed)
        return {"id": listed.payment.payment_id}

    return show, shown


FORMULAS = [
    *("=1+1", "+1", "-1", "@SUM(A1)", "\t=1+1", "\r=1+1", "  =1+1", "\n=1+1", "\u00a0=1+1"),
    *(
        "\uff1d1+1",
        "\uff0b1",
        "\uff0d1",
        "\uff20SUM(A1)",
        "\u3000\uff1d1+1",
        "\ufeff=1",
        "\u200b=1",
    ),
]


def test_what_a_spreadsheet_would_take_for_a_formula_is_quoted_in_every_export(client):
    for number, text in enumerate([*FORMULAS, "Tomatoes = 4", "1+1"]):
        body = {"amount": number + 10, "currency": "GHS", "description": text}
        payment = client.post("/v1/payments/intents", json=body).raise_for_status().json()
        client.post(f"/v1/payments/{payment['id']}/confirm").raise_for_status()
        reason = {"reason": payment["description"]}
        steps = {"refund": {"amount": 1} | reason, "dispute": {"amount": 1} | reason}
        for step, said in steps.items():
            client.post(f"/v1/payments/{payment['id']}/{step}", json=said).raise_for_status()

    for name, field in {
        "payments": "description",
        "refunds": "reason",
        "disputes": "reason",
    }.items():
        path = f"/v1/exports/{name}"
        stored = [row[field] for row in client.get(path).json()[name]]
        table = client.get(path, params={"format": "csv"})
        shown = [row[field] for row in csv.DictReader(io.StringIO(table.text, newline=""))]
        plain = {"Tomatoes = 4", "1+1"}
        assert shown == [text if text in plain else f"'{text}" for text in stored]
        assert plain < set(stored)
        assert table.headers["Content-Disposition"] == f'attachment; filename="{name}.csv"'


@pytest.mark.parametrize("name", ["payments", "refunds", "disputes"])
def test_a_table_begins_with_a_byte_order_mark_when_it_is_asked_to(client, name):
    path, marked = f"/v1/exports/{name}", b"\xef\xbb\xbfid,"

    assert client.get(path, params={"format": "csv", "bom": "1"}).content.startswith(marked)
    assert client.get(path, params={"format": "csv"}).content.startswith(b"id,")
    assert client.get(path, params={"bom": "1"}).json() == {name: [], "total": 0}


KINDS = ["payments", "refunds", "disputes", "customers", "subscriptions", "invoices"]


@pytest.fixture
def stocked(shop):
    """A shop with three of everything, which is only read."""
    if not shop.get("/v1/customers").json()["customers"]:
        stock(shop)
    return shop


def stock(client):
    for number in range(3):
        name = {"external_id": f"usr_{number}", "name": "=1+1", "tags": ["premium"]}
        client.post("/v1/customers", json=name).raise_for_status()
        plan = {"plan_id": "=1+1", "amount": 4000, "currency": "GHS", "interval": "monthly"}
        billed = plan | {"customer_id": f"usr_{number}", "method": "momo"}
        subscribed = client.post("/v1/subscriptions", json=billed).raise_for_status().json()
        invoice = client.get(f"/v1/invoices/{subscribed['latest_invoice_id']}").json()
        for step, reason in {"refund": "=1+1", "dispute": "=1+1"}.items():
            said = {"amount": 1, "reason": reason}
            path = f"/v1/payments/{invoice['payment_id']}/{step}"
            client.post(path, json=said).raise_for_status()


@on_both_databases
@pytest.mark.parametrize("name", KINDS)
def test_an_export_has_as_many_as_are_asked_for_and_the_first_of_the_list(stocked, name):
    path = f"/v1/exports/{name}"
    everything = stocked.get(path).raise_for_status().json()

    some = stocked.get(path, params={"limit": 2}).json()
    table = stocked.get(path, params={"limit": 2, "format": "csv"}).text
    more_than_there_are = stocked.get(path, params={"limit": 10_000}).json()

    assert (everything["total"], some["total"]) == (3, 2)
    assert some[name] == everything[name][:2]
    assert more_than_there_are == everything
    assert len(list(csv.DictReader(io.StringIO(table)))) == 2


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("limit", ["0", "-1", "many"])
def test_a_limit_of_nothing_is_refused(client, name, limit):
    refused = client.get(f"/v1/exports/{name}", params={"limit": limit})

    assert refused.status_code == 400
    assert refused.json()["details"]["field"] == "limit"


@on_both_databases
@pytest.mark.parametrize(
    ("name", "listed", "field"),
    [
        ("customers", lambda answer: answer["customers"], "name"),
        ("subscriptions", list, "plan_id"),
        ("invoices", list, "plan_id"),
    ],
)
def test_an_export_says_what_the_list_says_in_both_forms(stocked, name, listed, field):
    rows = listed(stocked.get(f"/v1/{name}").json())

    exported = stocked.get(f"/v1/exports/{name}")
    table = stocked.get(f"/v1/exports/{name}", params={"format": "csv"})

    shown = list(csv.DictReader(io.StringIO(table.text, newline="")))
    assert exported.json() == {name: rows, "total": len(rows)}
    assert [row["id"] for row in shown] == [row["id"] for row in rows]
    assert {row[field] for row in shown} == {"'=1+1"}
    assert set(shown[0]) == set(rows[0])
    assert table.headers["Content-Disposition"] == f'attachment; filename="{name}.csv"'


def test_what_a_customer_has_several_of_is_json_in_a_cell(stocked):
    table = stocked.get("/v1/exports/customers", params={"format": "csv"}).text

    row = next(csv.DictReader(io.StringIO(table, newline="")))
    assert json.loads(row["tags"]) == ["premium"]
    assert json.loads(row["subscriptions"])["active"] == 1
    assert json.loads(row["totals_by_currency"])[0]["currency"] == "GHS"
    assert json.loads(row["acquisition"])["source"] == "subscription"


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("customers", {"external_id": "usr_1"}),
        ("subscriptions", {"customer_id": "usr_1"}),
        ("invoices", {"customer_id": "usr_1"}),
    ],
)
def test_an_export_takes_the_filters_of_its_list(stocked, name, asked):
    listed = stocked.get(f"/v1/{name}", params=asked).json()

    found = stocked.get(f"/v1/exports/{name}", params=asked).json()

    assert found["total"] == 1
    assert found[name] == (listed if isinstance(listed, list) else listed[name])


def test_an_export_of_customers_of_many_steps_has_everybody_once(client):
    with ThreadPoolExecutor(8) as many:
        made = many.map(
            lambda _: client.post("/v1/customers", json={}).json()["id"],
            range(MORE_THAN_TWO_STEPS),
        )
    ids = [row["id"] for row in client.get("/v1/exports/customers").json()["customers"]]

    assert sorted(ids) == sorted(made)


def test_whoever_may_not_read_customers_exports_none_of_them(stocked):
    scopes = ["subscriptions:read", "invoices:read", "payments:read"]
    key = stocked.post("/v1/api-keys", json={"name": "books", "scopes": scopes}).json()["raw"]

    with httpx.Client(base_url=stocked.base_url, headers={"X-Reevit-Key": key}) as bookkeeper:
        refused = bookkeeper.get("/v1/exports/customers")
        secret = [
            row["customer_id"]
            for name in ("payments", "subscriptions", "invoices", "disputes")
            for row in bookkeeper.get(f"/v1/exports/{name}").json()[name]
        ]
        about_one = bookkeeper.get("/v1/exports/invoices", params={"customer_id": "usr_1"})

    assert (refused.status_code, about_one.status_code) == (403, 403)
    assert secret == [None] * 12
