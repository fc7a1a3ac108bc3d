"""While the views are late, nothing that was acknowledged is said not to be there."""

import httpx
import pytest

from projections.engine.generations.generations import ViewsRebuilding

pytestmark = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)

PLAN = {
    "plan_id": "plan_1",
    "amount": 4000,
    "currency": "GHS",
    "method": "card",
    "interval": "monthly",
}
LINK = {"name": "Summer Sale", "amount": 4000, "currency": "GHS"}
INTENT = {"amount": 4000, "currency": "GHS", "customer_id": "usr_1"}
# What a query must be told besides the path.
ASKED = {
    "/v1/customers/lookup": {"external_id": "usr_1"},
    "/v1/customers/top/explain": {"customer_id": "usr_1"},
    "/v1/payments/stats/sources/explain": {"source": "api"},
}
# These ask whoever decides, or sum up what there is.
ALWAYS_ANSWERED = {
    "/v1/checkout/sessions/{session_secret}",
    "/v1/pay/{code}",
    "/v1/payments/stats/sources/explain",
}


@pytest.fixture
def late(new_server):
    """A service whose views stand still at nothing."""
    server = new_server(projecting=False, query_wait_seconds=0)
    key = server.found("Ama's shop").keys["test"]
    with httpx.Client(base_url=server.url, headers={"X-Reevit-Key": key}, timeout=30) as client:
        yield client


def shop_of(client):
    """One of everything, by the names that paths give it."""
    ada = client.post("/v1/customers", json={"external_id": "usr_1", "name": "Ada"}).json()
    payment = client.post("/v1/payments/intents", json=INTENT).json()
    refund = client.post(f"/v1/payments/{payment['id']}/refund", json={"amount": 10}).json()
    subscription = client.post("/v1/subscriptions", json=PLAN | {"customer_id": ada["id"]}).json()
    link = client.post("/v1/payment-links", json=LINK | {"customer_id": ada["id"]}).json()
    session = client.post("/v1/checkout/sessions", json={"amount": 4000, "currency": "GHS"}).json()
    return {
        "customer_id": ada["id"],
        "external_id": "usr_1",
        "payment_id": payment["id"],
        "client_secret": payment["client_secret"],
        "refund_id": refund["id"],
        "subscription_id": subscription["id"],
        "invoice_id": subscription["latest_invoice_id"],
        "link": link["id"],
        "code": link["code"],
        "session_secret": session["session_secret"],
    }


def test_what_was_acknowledged_is_never_said_not_to_be_there(late, stranger):
    shop = shop_of(late)
    paths = stranger.get("/openapi.json").json()["paths"]
    of_one = [
        path
        for path, methods in paths.items()
        if "get" in methods and ("{" in path or path in ASKED)
    ]

    told = {path: late.get(path.format(**shop), params=ASKED.get(path, {})) for path in of_one}

    assert {path for path, answer in told.items() if answer.status_code == 200} == ALWAYS_ANSWERED
    for path in told.keys() - ALWAYS_ANSWERED:
        answer = told[path]
        assert (answer.status_code, answer.json()["code"]) == (503, "views_behind"), path
        assert int(answer.headers["Retry-After"]) > 0
        assert int(answer.headers["Whence-Behind"]) > 0
        assert answer.json()["details"] == {"behind": int(answer.headers["Whence-Behind"])}


def test_what_was_never_recorded_is_not_there_once_the_views_are_up_to_date(client):
    client.post("/v1/customers", json={"external_id": "usr_1"})

    for path in ("/v1/customers/cus_x", "/v1/payments/pay_x", "/v1/customers/cus_x/payments"):
        answer = client.get(path)

        assert answer.status_code == 404, path
        assert "Whence-Behind" not in answer.headers


def test_a_page_to_pay_and_a_browser_with_a_secret_never_wait_for_the_views(late):
    shop = shop_of(late)
    payment = late.post("/v1/payments/intents", json=INTENT | {"amount": 77777}).json()
    del late.headers["X-Reevit-Key"]

    page = late.get(f"/pay/{shop['code']}")
    paid = late.post(f"/v1/pay/{shop['code']}/pay", json={"email": "esi@example.com"})
    confirmed = late.post(
        f"/v1/payments/{payment['id']}/confirm-intent",
        params={"client_secret": payment["client_secret"]},
    )

    assert (page.status_code, paid.status_code, confirmed.status_code) == (200, 201, 200)


@pytest.mark.parametrize("how", ["late", "being rebuilt"])
def test_an_answer_to_a_command_has_one_shape_however_late_the_views_are(new_server, client, how):
    rebuilding = ViewsRebuilding(None) if how == "being rebuilt" else None
    server = new_server(projecting=False, query_wait_seconds=0, rebuilding=rebuilding)
    key = server.found("Ama's shop").keys["test"]

    up_to_date = shapes_of_everything_done(client)
    with httpx.Client(base_url=server.url, headers={"X-Reevit-Key": key}, timeout=30) as late:
        told_late = shapes_of_everything_done(late)

    assert [step for step in up_to_date if step[1] >= 300] == []
    assert told_late == up_to_date


def test_a_figure_that_is_not_known_in_time_is_null_and_no_number(late):
    ada = late.post("/v1/customers", json={"external_id": "usr_1"}).json()
    late.post("/v1/payments/intents", json=INTENT)

    changed = late.patch(f"/v1/customers/{ada['id']}", json={"name": "Ada"}).json()

    assert changed["name"] == "Ada"
    assert {changed[figure] for figure in ("total_spent", "payment_count", "currency")} == {None}


def shapes_of_everything_done(client):
    """The names in the answer to each command there is."""
    shop = shop_of(client)
    waiting = [new_payment(client, amount=77777) for _ in range(3)]
    authorized = new_payment(client, capture_method="manual")
    failed = new_payment(client, amount=4001)
    steps = [
        ("PATCH", f"/v1/customers/{shop['customer_id']}", {"name": "Ada"}),
        ("PATCH", "/v1/customers/external/usr_1", {"name": "Ada"}),
        ("PUT", "/v1/customers/external/usr_1", {"name": "Ada"}),
        ("PUT", "/v1/customers/external/usr_2", {"name": "Esi"}),
        ("PATCH", f"/v1/payments/intents/{waiting[0]}", {"amount": 9}),
        ("POST", f"/v1/payments/{waiting[0]}/confirm", {}),
        ("POST", f"/v1/payments/{waiting[1]}/cancel", {}),
        ("POST", f"/v1/payments/{authorized}/confirm", {}),
        ("POST", f"/v1/payments/{authorized}/capture", {}),
        ("POST", f"/v1/payments/{failed}/retry", {}),
        ("POST", f"/v1/payments/{shop['payment_id']}/refund", {"amount": 10}),
        ("POST", f"/v1/payments/{waiting[0]}/dispute", {}),
        ("POST", f"/v1/payments/{waiting[0]}/dispute/resolve", {"outcome": "lost"}),
        ("PATCH", f"/v1/payment-links/{shop['link']}", {"name": "Autumn Sale"}),
        ("POST", f"/v1/pay/{shop['code']}/pay", {"email": "esi@example.com"}),
        ("PATCH", f"/v1/subscriptions/{shop['subscription_id']}", {"amount": 4001}),
        ("POST", f"/v1/subscriptions/{shop['subscription_id']}/pause", {}),
        ("POST", f"/v1/subscriptions/{shop['subscription_id']}/resume", {}),
        ("POST", f"/v1/subscriptions/{shop['subscription_id']}/cancel", {}),
        ("PATCH", f"/v1/invoices/{shop['invoice_id']}", {"metadata": {"a": "b"}}),
    ]
    return [
        (step, *shape_of(client.request(method, path, json=body)))
        for step, (method, path, body) in enumerate(steps)
    ]


def new_payment(client, **more):
    return client.post("/v1/payments/intents", json=INTENT | more).json()["id"]


def shape_of(answer):
    return answer.status_code, sorted(answer.json())
