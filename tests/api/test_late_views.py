"""While the views are late, nothing that was acknowledged is said not to be there."""

import httpx
import pytest
from live_keys import LiveForPeople
from receiver import receiving
from workflow_parts import do_what_follows

from delivery.envelopes import event_id
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
DECLINED = PLAN | {"amount": 4001, "customer_id": "usr_1"}
OWNER = {"email": "kofi@shop.example", "role": "owner"}
KEY = {"name": "reads", "scopes": ["payments:read"]}
INTENT = {"amount": 4000, "currency": "GHS", "customer_id": "usr_1"}
WAITING = {"amount": 77777, "currency": "GHS"}
RULE = {
    "name": "VIPs",
    "trigger": "payment.success",
    "actions": [{"type": "add_tag", "config": {"tag": "vip"}}],
}
TEMPLATE = {"type": "email", "name": "Hi", "subject": "Hi", "body": "{{ customer_name }}"}
MAIL = {
    "type": "email",
    "provider": "smtp",
    "config": {"host": "smtp.shop.example", "from": "hello@shop.example"},
}
CONSENT = {"channel": "email", "given": False}
# What a query must be told besides the path.
ASKED = {
    "/v1/customers/lookup": {"external_id": "usr_1"},
    "/v1/customers/top/explain": {"customer_id": "usr_1"},
    "/v1/payments/stats/sources/explain": {"source": "api"},
}
# These ask whoever decides or delivers, or sum up what there is.
ALWAYS_ANSWERED = {
    "/v1/api-keys/{key_id}",
    "/v1/checkout/sessions/{session_secret}",
    "/v1/customers/external/{external_id}/consents",
    "/v1/customers/{customer_id}/consents",
    "/v1/pay/{code}",
    "/v1/users/{user_id}",
    "/v1/users/{user_id}/activity",
    "/v1/users/{user_id}/sessions",
    "/v1/payments/stats/sources/explain",
    "/v1/payments/{payment_id}/receipt",
    "/v1/webhooks/endpoints/{endpoint_id}",
    "/v1/webhooks/outbound/{delivery_id}",
    "/v1/workflows/executions/{execution_id}",
    "/v1/workflows/executions/{execution_id}/actions",
    "/v1/workflows/integrations/{integration_id}",
    "/v1/workflows/integrations/{integration_id}/history",
    "/v1/workflows/rules/{workflow_id}",
    "/v1/workflows/rules/{workflow_id}/history",
    "/v1/workflows/templates/{template_id}",
    "/v1/workflows/templates/{template_id}/history",
}
# No view is asked, and nothing of a book is told.
OF_THE_STORE = {
    "POST /v1/system/rebuild",
    "POST /v1/system/verify",
    "POST /v1/system/runs/{run_number}/cancel",
}
# These ask the views, though they are told with a body.
QUESTIONS = {
    "POST /v1/webhooks/endpoints/preview",
    "POST /v1/workflows/templates/preview",
    "POST /v1/workflows/templates/{template_id}/preview",
}


class Caller(httpx.Client):
    """Calls as a merchant; ``ledger`` and ``receiver``: where what they ask for is done."""

    def __init__(self, server, receiver):
        self.keys = server.found("Ama's shop").keys
        super().__init__(base_url=server.url, auth=LiveForPeople(self.keys), timeout=30)
        self.ledger = server.ledger
        self.receiver = receiver

    def new(self, path, body):
        """With its id by the name that paths give it."""
        made = self.post(path, json=body).raise_for_status().json()
        return made | {"payment_id": made["id"]}

    def delivery(self, endpoint_id):
        """Of the first thing that happened, before there was anybody to be told."""
        first = self.ledger.head(f"{self.org_id}/test")
        self.post("/v1/customers", json={"external_id": "usr_9"}).raise_for_status()
        named = f"evtd_{endpoint_id.removeprefix('we_')}{first + 1:x}"
        self.post(f"/v1/webhooks/outbound/{named}/resend").raise_for_status()
        return named

    def execution(self, workflow_id):
        do_what_follows(self.ledger)
        found = self.get("/v1/workflows/executions", params={"workflow_id": workflow_id})
        return found.raise_for_status().json()["executions"][0]["id"]

    @property
    def org_id(self):
        return self.get("/v1/organization").raise_for_status().json()["id"]


@pytest.fixture
def late(new_server, receiver):
    """At a service whose views stand still at nothing."""
    with Caller(new_server(projecting=False, query_wait_seconds=0), receiver) as caller:
        yield caller


@pytest.fixture(scope="module")
def up_to_date(server_on_sqlite):
    """The shapes of a service over another store: one over the same would fold for the late one."""
    with receiving() as receiver, Caller(server_on_sqlite, receiver) as caller:
        return shapes_of_everything_done(caller)


def shop_of(client):
    """One of everything, by the names that paths give it."""
    ada = client.post("/v1/customers", json={"external_id": "usr_1", "name": "Ada"}).json()
    payment = client.post("/v1/payments/intents", json=INTENT).json()
    refund = client.post(f"/v1/payments/{payment['id']}/refund", json={"amount": 10}).json()
    subscription = client.post("/v1/subscriptions", json=PLAN | {"customer_id": ada["id"]}).json()
    link = client.post("/v1/payment-links", json=LINK | {"customer_id": ada["id"]}).json()
    session = client.post("/v1/checkout/sessions", json=WAITING).json()
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
        "key_id": client.new("/v1/api-keys", KEY)["id"],
        "user_id": client.new("/v1/users", OWNER)["id"],
        "event_id": event_id(f"{payment['org_id']}/test", 2),
    }


def told_of(client):
    """One of everything that has to do with telling others, by the names that paths give it."""
    endpoint = client.new("/v1/webhooks/endpoints", {"name": "told", "url": client.receiver.url})[
        "id"
    ]
    workflow = client.new("/v1/workflows/rules", RULE)["id"]
    client.post("/v1/payments/intents", json=INTENT).raise_for_status()
    return {
        "endpoint_id": endpoint,
        "delivery_id": client.delivery(endpoint),
        "workflow_id": workflow,
        "execution_id": client.execution(workflow),
        "template_id": client.new("/v1/workflows/templates", TEMPLATE)["id"],
        "integration_id": client.new("/v1/workflows/integrations", MAIL)["id"],
    }


def test_what_was_acknowledged_is_never_said_not_to_be_there(late, document):
    shop = shop_of(late) | told_of(late)
    paths = document["paths"]
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
    payment = late.post("/v1/payments/intents", json=INTENT | WAITING).json()
    late.auth = None

    page = late.get(f"/pay/{shop['code']}")
    paid = late.post(f"/v1/pay/{shop['code']}/pay", json={"email": "esi@example.com"})
    confirmed = late.post(
        f"/v1/payments/{payment['id']}/confirm-intent",
        params={"client_secret": payment["client_secret"]},
    )
    session = f"/v1/checkout/sessions/{shop['session_secret']}"
    chosen = late.post(f"{session}/select", json={"method": "mobile_money"})
    seen = late.get(session)

    answers = (page, paid, confirmed, chosen, seen)
    assert [each.status_code for each in answers] == [200, 201, 200, 200, 200]
    for answer in (chosen, seen):
        assert answer.json()["payment_intent"]["method"] == "mobile_money"


@pytest.mark.parametrize("how", ["late", "being rebuilt"])
def test_an_answer_to_a_command_has_one_shape_however_late_the_views_are(
    new_server, receiver, up_to_date, document, how
):
    rebuilding = ViewsRebuilding(None) if how == "being rebuilt" else None
    server = new_server(projecting=False, query_wait_seconds=0, rebuilding=rebuilding)

    with Caller(server, receiver) as late:
        told_late = shapes_of_everything_done(late)

    assert {step: told for step, told in up_to_date.items() if told[0] >= 300} == {}
    assert told_late == up_to_date
    paths = document["paths"]
    there_are = {f"{method.upper()} {path}" for path in paths for method in paths[path]}
    done = {command.partition("?")[0] for command, _ in up_to_date}
    assert {
        each for each in there_are - done - QUESTIONS - OF_THE_STORE if not each.startswith("GET")
    } == set()


def test_a_figure_that_is_not_known_in_time_is_null_and_no_number(late):
    ada = late.post("/v1/customers", json={"external_id": "usr_1"}).json()
    late.post("/v1/payments/intents", json=INTENT)

    changed = late.patch(f"/v1/customers/{ada['id']}", json={"name": "Ada"}).json()

    assert changed["name"] == "Ada"
    assert {changed[figure] for figure in ("total_spent", "payment_count", "currency")} == {None}


def shapes_of_everything_done(client):
    """Of each command there is: the names in its answer."""
    shop = shop_of(client) | told_of(client)
    return {
        (command, number): shape_of(
            client.request(*command.format_map(shop | its).split(), json=body)
        )
        for number, (command, body, its) in enumerate(commands_of(client))
    }


def commands_of(client):
    """Every command as the API names it, what it is told, and what it is about beside the shop."""
    to_amend, to_confirm, to_decide, to_fail, to_cancel, to_expire = (
        client.new("/v1/payments/intents", INTENT | WAITING) for _ in range(6)
    )
    set_aside = client.new("/v1/payments/intents", INTENT | {"capture_method": "manual"})
    declined = client.new("/v1/payments/intents", INTENT | {"amount": 4001})
    to_retry, to_let_go = (
        {"invoice_id": client.new("/v1/subscriptions", DECLINED)["latest_invoice_id"]}
        for _ in range(2)
    )
    esi = {"customer_id": client.new("/v1/customers", {"name": "Esi"})["id"]}
    kofi = client.new("/v1/customers", {"email": "kofi@example.com"})["id"]
    of_kofi = client.new("/v1/payments/intents", INTENT | {"customer_id": kofi})
    key = {"key_id": client.new("/v1/api-keys", KEY)["id"]}
    return [
        ("POST /v1/customers", {"external_id": "usr_2"}, {}),
        ("PATCH /v1/customers/{customer_id}", {"name": "Ada"}, {}),
        ("PATCH /v1/customers/external/{external_id}", {"name": "Ada"}, {}),
        ("PUT /v1/customers/external/{external_id}", {"name": "Ada"}, {}),
        ("PUT /v1/customers/external/{external_id}", {"name": "Esi"}, {"external_id": "usr_3"}),
        ("DELETE /v1/customers/external/{external_id}", None, {"external_id": "usr_3"}),
        ("DELETE /v1/customers/{customer_id}", None, esi),
        ("POST /v1/customers/{customer_id}/consents", CONSENT, {}),
        ("POST /v1/customers/external/{external_id}/consents", CONSENT, {}),
        ("POST /v1/payments/intents", INTENT, {}),
        ("PATCH /v1/payments/intents/{payment_id}", {"amount": 9}, to_amend),
        ("POST /v1/payments/{payment_id}/confirm", {}, to_confirm),
        ("POST /v1/payments/{payment_id}/dispute", {}, to_confirm),
        ("POST /v1/payments/{payment_id}/dispute/resolve", {"outcome": "lost"}, to_confirm),
        (
            "POST /v1/payments/{payment_id}/confirm-intent?client_secret={client_secret}",
            {},
            to_decide,
        ),
        ("POST /v1/payments/{payment_id}/fail", {}, to_fail),
        ("POST /v1/payments/{payment_id}/cancel", {}, to_cancel),
        ("POST /v1/payments/{payment_id}/expire", {}, to_expire),
        ("POST /v1/payments/{payment_id}/confirm", {}, set_aside),
        ("POST /v1/payments/{payment_id}/capture", {}, set_aside),
        ("POST /v1/payments/{payment_id}/retry", {}, declined),
        ("POST /v1/payments/{payment_id}/refund", {"amount": 10}, {}),
        ("POST /v1/payments/{payment_id}/receipt", {}, of_kofi),
        ("POST /v1/payment-links", LINK, {}),
        ("PATCH /v1/payment-links/{link}", {"name": "Autumn Sale"}, {}),
        ("POST /v1/pay/{code}/pay", {"email": "esi@example.com"}, {}),
        ("DELETE /v1/payment-links/{link}", None, {}),
        ("POST /v1/checkout/sessions", WAITING, {}),
        ("POST /v1/checkout/sessions/{session_secret}/select", {"method": "ussd"}, {}),
        ("PUT /v1/checkout/settings", {"allowed_origins": ["https://shop.example"]}, {}),
        ("POST /v1/subscriptions", PLAN | {"customer_id": "usr_1"}, {}),
        ("PATCH /v1/subscriptions/{subscription_id}", {"amount": 4001}, {}),
        ("POST /v1/subscriptions/{subscription_id}/pause", {}, {}),
        ("POST /v1/subscriptions/{subscription_id}/resume", {}, {}),
        ("POST /v1/subscriptions/{subscription_id}/cancel", {}, {}),
        ("PATCH /v1/invoices/{invoice_id}", {"metadata": {"a": "b"}}, {}),
        ("POST /v1/invoices/{invoice_id}/retry", {}, to_retry),
        ("POST /v1/invoices/{invoice_id}/cancel", {}, to_let_go),
        ("POST /v1/policies/retry", {"delays": ["2h"]}, {}),
        ("DELETE /v1/policies/retry", None, {}),
        ("POST /v1/api-keys", KEY, {}),
        ("DELETE /v1/api-keys/{key_id}", None, key),
        ("POST /v1/users", OWNER | {"email": "esi@shop.example"}, {}),
        ("PATCH /v1/users/{user_id}", {"role": "finance"}, {}),
        ("POST /v1/users/{user_id}/password", {}, {}),
        ("DELETE /v1/users/{user_id}/sessions", None, {}),
        ("DELETE /v1/users/{user_id}", None, {}),
        ("POST /v1/cli/bootstrap", {}, {}),
        *told_by(client),
        ("PATCH /v1/organization", {"name": "Ama's shops"}, {}),
    ]


def told_by(client):
    """What decides who is told, and asks what would be told."""
    hook = {"url": client.receiver.url}
    again = {"endpoint": "default", "from": 1}
    trial = {"rule": RULE}
    passing = {
        "endpoint_id": client.new("/v1/webhooks/endpoints", hook | {"name": "passing"})["id"],
        "workflow_id": client.new("/v1/workflows/rules", RULE)["id"],
        "template_id": client.new("/v1/workflows/templates", TEMPLATE)["id"],
        "integration_id": client.new("/v1/workflows/integrations", MAIL)["id"],
    }
    return [
        ("POST /v1/webhooks/config", hook, {}),
        ("POST /v1/webhooks/test", None, {}),
        ("POST /v1/webhooks/replay", again, {}),
        ("DELETE /v1/webhooks/config", None, {}),
        ("POST /v1/webhooks/endpoints", hook | {"name": "new"}, {}),
        ("PATCH /v1/webhooks/endpoints/{endpoint_id}", {"events": ["payment.*"]}, {}),
        ("POST /v1/webhooks/endpoints/{endpoint_id}/rotate", {}, {}),
        ("POST /v1/webhooks/endpoints/{endpoint_id}/test", None, {}),
        ("POST /v1/webhooks/endpoints/{endpoint_id}/resend", {}, {}),
        ("POST /v1/webhooks/endpoints/{endpoint_id}/retry", {}, {}),
        ("POST /v1/webhooks/endpoints/{endpoint_id}/disable", {}, {}),
        ("POST /v1/webhooks/endpoints/{endpoint_id}/enable", {}, {}),
        ("POST /v1/webhooks/outbound/{delivery_id}/resend", {}, {}),
        ("DELETE /v1/webhooks/endpoints/{endpoint_id}", None, passing),
        ("POST /v1/workflows/rules", RULE, {}),
        ("PUT /v1/workflows/rules/{workflow_id}", RULE, {}),
        ("POST /v1/workflows/rules/{workflow_id}/disable", {}, {}),
        ("POST /v1/workflows/rules/{workflow_id}/enable", {}, {}),
        ("POST /v1/workflows/integrations/{integration_id}/test", {"to": "ama@shop.example"}, {}),
        ("POST /v1/workflows/rules/backtest", trial, {}),
        ("POST /v1/workflows/rules/{workflow_id}/backtest", {}, {}),
        ("DELETE /v1/workflows/rules/{workflow_id}", None, passing),
        ("POST /v1/workflows/templates", TEMPLATE, {}),
        ("PUT /v1/workflows/templates/{template_id}", TEMPLATE, {}),
        ("DELETE /v1/workflows/templates/{template_id}", None, passing),
        ("POST /v1/workflows/integrations", MAIL, {}),
        ("PUT /v1/workflows/integrations/{integration_id}", MAIL, {}),
        ("POST /v1/workflows/integrations/{integration_id}/default", {}, {}),
        ("DELETE /v1/workflows/integrations/{integration_id}", None, passing),
    ]


def shape_of(answer):
    return answer.status_code, sorted(answer.json()) if answer.content else None
