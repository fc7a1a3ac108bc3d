"""The OpenAPI document says everything that happens, and nothing else happens."""

import os
import re
from functools import partial
from uuid import uuid4

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from live_keys import key_for
from openapi_document import put_back
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from statement_scope import offences
from workflow_parts import do_what_follows

from api.app import create_app
from api.http.middleware import SECURITY_HEADERS

pytestmark = pytest.mark.takes_long

EXAMPLES_PER_OPERATION = int(os.environ.get("WHENCE_TEST_EXAMPLES", "1"))
# Where one of them must succeed: so many, and while none of these does, more.
EXAMPLES_OF_WHICH_ONE_SUCCEEDS = (EXAMPLES_PER_OPERATION, 4, 8, 16, 60)
on_both_databases = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
# Of what text may be longer, texts of this length are thought of.
LONG_TEXT = 1000
# What no document needs to promise.
# It ends when somebody leaves: tests of its own read it.
ENDLESS = "/v1/events/stream"
OF_EVERY_SERVER = {name.decode() for name, _ in SECURITY_HEADERS} | {
    "cache-control",
    "connection",
    "content-length",
    "content-security-policy",
    "content-type",
    "date",
    "server",
    "transfer-encoding",
    "vary",
}
# Of what is written down in some words only, one that is.
WORDS = {
    "currency": "GHS",
    "country": "GH",
    "to": "ama@shop.example",
    "time_zone": "UTC",
    "url": "https://shop.example/hooks",
    "webhook_url": "https://shop.example/hooks",
    "events": ["payment.*"],
}


def no_error_of_ours(context, answer, case):
    """A shop's own receiver that could not be reached is one of theirs, and promised."""
    return not_a_server_error(context, answer, case) if answer.status_code != 502 else None


CHECKED = [
    no_error_of_ours,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@pytest.fixture(scope="module")
def schema(server_on_sqlite):
    """What is promised: of every server the same."""
    said = httpx.get(f"{server_on_sqlite.url}/openapi.json", timeout=60).json()
    for part in _parts(said):
        # Pattern and length become one expression, of as many states as there are characters: for
        # 100,000 it takes a second, and it is made for each case.
        if "pattern" in part and part.get("maxLength", 0) > LONG_TEXT:
            part["maxLength"] = LONG_TEXT
    return schemathesis.openapi.from_dict(said)


def test_every_operation_says_how_it_may_fail_and_in_which_shape(document):
    for path, method, operation in _operations(document):
        answers = operation["responses"]
        failures = {status for status in answers if status >= "400"}

        assert {"400", "429", "500"} <= failures, (method, path)
        may_be_missing = "{" in path or path.endswith(("/lookup", "/top/explain"))
        may_be_missing |= path == "/v1/webhooks/config" and method != "post"
        may_be_missing |= path == "/v1/webhooks/replay"
        assert ("404" in failures) == may_be_missing, (method, path)
        for status in failures:
            schema = answers[status]["content"]["application/json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/Error"}, (method, path, status)


def test_every_operation_but_the_public_ones_needs_the_key(document):
    open_to_all = {
        path for path, _, operation in _operations(document) if not operation.get("security")
    }

    schemes = document["components"]["securitySchemes"]
    assert schemes["ApiKey"] == {
        "type": "apiKey",
        "in": "header",
        "name": "X-Reevit-Key",
        "description": schemes["ApiKey"]["description"],
    }
    assert open_to_all == {
        "/healthz",
        "/v1/payments/{payment_id}/confirm-intent",
        "/v1/pay/{code}",
        "/v1/pay/{code}/pay",
        "/v1/checkout/sessions/{session_secret}",
        "/v1/checkout/sessions/{session_secret}/select",
    }


def test_commands_take_an_idempotency_key_and_queries_do_not(document):
    for path, method, operation in _operations(document):
        named = {parameter["name"] for parameter in operation.get("parameters", [])}

        assert ("Idempotency-Key" in named) == (method != "get"), (method, path)


def test_exactly_those_queries_name_a_moment_that_take_one(document, client):
    asked = {"external_id": "usr_1", "source": "api", "customer_id": "usr_1"}
    asked |= {"since": "2026-01-01"}
    for path, method, operation in _operations(document):
        if method != "get" or path == ENDLESS:
            continue
        named = {parameter["name"] for parameter in operation["parameters"]}
        for name in ("as_of", "known_at"):
            answer = client.get(re.sub("{.*?}", "x", path), params=asked | {name: "yesterday"})
            takes_it = answer.status_code == 400 and answer.json()["details"]["field"] == name
            assert takes_it == (name in named), (path, answer.text)


def test_a_body_that_may_be_left_out_is_not_required(document):
    paths = document["paths"]

    assert paths["/v1/payments/intents"]["post"]["requestBody"]["required"] is True
    assert paths["/v1/customers"]["post"]["requestBody"]["required"] is False
    assert paths["/v1/payments/{payment_id}/refund"]["post"]["requestBody"]["required"] is False


def test_what_is_shown_as_an_example_works(document, client):
    for path, method in (("/v1/customers", "post"), ("/v1/payments/intents", "post")):
        content = document["paths"][path][method]["requestBody"]["content"]

        answer = client.request(method, path, json=content["application/json"]["example"])

        assert answer.status_code == 201, answer.text


def test_the_bounds_of_a_parameter_are_said_in_the_words_of_json_schema(document):
    parameters = document["paths"]["/v1/payments"]["get"]["parameters"]
    schemas = {parameter["name"]: parameter["schema"] for parameter in parameters}
    words = {name for _, name in _schema_words(document)}

    assert (schemas["limit"]["minimum"], schemas["offset"]["minimum"]) == (1, 0)
    assert not words & {"ge", "gt", "le", "lt", "min_length", "max_length"}


def test_a_parameter_is_of_one_type_and_its_bounds_are_such_as_people_mean(document):
    schemas = [
        (path, parameter["name"], parameter["schema"])
        for path, _, operation in _operations(document)
        for parameter in operation["parameters"]
    ]

    assert [said for said in schemas if not isinstance(said[2].get("type"), str)] == []
    assert [said for said in schemas if said[2].get("maximum", 0) > 10**15] == []


def test_what_is_one_simple_thing_or_null_is_said_in_one_type(document):
    fields = document["components"]["schemas"]["CreatePaymentLink"]["properties"]

    assert fields["amount"]["type"] == ["integer", "null"]
    assert fields["status"]["enum"] == ["active", "inactive", None]
    assert [part for part in _parts(document) if _is_simple_or_null(part)] == []


def test_the_contract_s_paths_are_all_there(document):
    paths = set(document["paths"])

    assert {
        "/v1/customers",
        "/v1/customers/lookup",
        "/v1/customers/top",
        "/v1/customers/stats",
        "/v1/customers/stats/series",
        "/v1/customers/{customer_id}",
        "/v1/customers/{customer_id}/payments",
        "/v1/customers/{customer_id}/sources",
        "/v1/customers/external/{external_id}",
        "/v1/customers/external/{external_id}/payments",
        "/v1/customers/external/{external_id}/sources",
        "/v1/payments",
        "/v1/payments/intents",
        "/v1/payments/intents/{payment_id}",
        "/v1/payments/refunds",
        "/v1/payments/refunds/{refund_id}",
        "/v1/payments/export",
        "/v1/exports/payments",
        "/v1/payments/stats",
        "/v1/payments/stats/series",
        "/v1/payments/stats/latency",
        "/v1/payments/stats/errors",
        "/v1/payments/stats/sources",
        "/v1/subscriptions",
        "/v1/subscriptions/{subscription_id}",
        "/v1/subscriptions/{subscription_id}/cancel",
        "/v1/subscriptions/{subscription_id}/pause",
        "/v1/subscriptions/{subscription_id}/resume",
        "/v1/customers/{customer_id}/subscriptions",
        "/v1/customers/{customer_id}/invoices",
        "/v1/customers/external/{external_id}/subscriptions",
        "/v1/customers/external/{external_id}/invoices",
        "/v1/invoices",
        "/v1/invoices/{invoice_id}",
        "/v1/invoices/{invoice_id}/cancel",
        "/v1/invoices/{invoice_id}/retry",
        "/v1/policies/retry",
        "/v1/policies/retry/list",
        "/v1/webhooks/config",
        "/v1/webhooks/endpoints",
        "/v1/webhooks/endpoints/{endpoint_id}",
        "/v1/webhooks/test",
        "/v1/webhooks/events",
        "/v1/webhooks/outbound",
        "/v1/webhooks/outbound/stats",
        "/v1/webhooks/outbound/{delivery_id}",
        "/v1/api-keys",
        "/v1/api-keys/{key_id}",
    } <= paths


def test_no_validation_error_of_fastapi_s_own_is_promised(document):
    assert "HTTPValidationError" not in document["components"]["schemas"]
    assert not any("422" in operation["responses"] for _, _, operation in _operations(document))


def test_a_document_of_one_side_names_that_side_only(new_server):
    queries = httpx.get(f"{new_server(only='queries').url}/openapi.json", timeout=60).json()
    commands = httpx.get(f"{new_server(only='commands').url}/openapi.json", timeout=60).json()

    assert {method for _, method, _ in _operations(queries)} == {"get"}
    # To look at a payment link is a command as well: it is counted. A session is no view.
    assert {path for path, method, _ in _operations(commands) if method == "get"} == {
        "/healthz",
        "/v1/checkout/sessions/{session_secret}",
        "/v1/pay/{code}",
    }


def test_the_document_is_one(stranger):
    schemathesis.openapi.from_dict(stranger.get("/openapi.json").json()).validate()


def test_the_document_names_every_route_that_there_is(server, document):
    routes = {
        (route.path, method.lower())
        for route in create_app(server.parts).routes
        for method in route.methods
    }

    described = {(path, method) for path, method, _ in _operations(document)}
    for_people = {(path, "get") for path in ("/", "/docs", "/docs/{name}")} | {
        (path, method)
        for path in ("/pay/{code}", "/pay/{code}/payments/{payment}", "/unsubscribe/{token}")
        for method in ("get", "post")
    }
    assert routes - described == {("/openapi.json", "get")} | for_people
    assert described <= routes


@pytest.mark.parametrize("database", ["sqlite", "postgresql", "cluster"], indirect=True)
def test_every_operation_succeeds_as_it_is_described(
    sent, request, merchant, client, receiver, schema
):
    shop = Shop(merchant, client, receiver)
    refused = []

    with _session() as session:
        for operation in _deletions_last(schema):
            for body in _examples(operation):
                case = operation.Case(**shop.asked(operation), **body)
                answer = _ask(merchant, session, case, operation)
                if answer.status_code >= 300:
                    refused.append((case.method, case.path, answer.text))

    assert refused == []
    assert offences(sent, alone=request.node.callspec.params["database"] == "cluster") == {}


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_nothing_happens_that_the_document_does_not_promise(
    merchant, client, receiver, schema, mode
):
    shop = Shop(merchant, client, receiver)
    never_succeeded = []

    with _session() as session:
        ask = partial(_ask, merchant, session)
        for operation in _deletions_last(schema):
            if mode is GenerationMode.POSITIVE or _can_be_wrong(operation):
                succeeded = _try(operation, mode, shop, ask)
                never_succeeded += [operation.label] * (not succeeded)

    assert mode is GenerationMode.NEGATIVE or never_succeeded == []


def _can_be_wrong(operation):
    """Not where nothing is said but what is meant, in the path, where any word may stand."""
    return bool(operation.query or operation.headers or operation.body)


def _try(operation, mode, shop, ask):
    """Sends what schemathesis thinks of; whether an answer said that it was done."""
    if mode is GenerationMode.NEGATIVE:
        return _send(operation, mode, shop, ask, EXAMPLES_PER_OPERATION)
    tries = EXAMPLES_OF_WHICH_ONE_SUCCEEDS
    return any(_send(operation, mode, shop, ask, examples) for examples in tries)


def _send(operation, mode, shop, ask, examples):
    """Each as it was thought of, about anything, and again about a thing that there is."""
    succeeded = []

    @seed(examples)
    @settings(
        max_examples=examples,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(mode))
    def nothing_else_happens(case):
        ask(case, operation)
        asked = shop.asked(operation)
        case.path_parameters = asked["path_parameters"]
        if mode is GenerationMode.POSITIVE:
            _make_possible(case, asked["query"])
        succeeded.append(ask(case, operation).status_code < 300)

    nothing_else_happens()
    return any(succeeded)


def _session():
    """There is no proxy on the way to look for at each request."""
    session = requests.Session()
    session.trust_env = False
    return session


def _ask(merchant, session, case, operation):
    headers = _headers(merchant, operation)
    answer = case.call(base_url=merchant.server.url, headers=headers, session=session)
    case.validate_response(answer, checks=CHECKED)
    assert _undescribed(operation, answer) == set()
    return answer


MAIL = {"host": "smtp.shop.example", "from": "hello@shop.example"}


class Shop:
    """Things to ask for: for each operation a payment, say, with which it can be done."""

    def __init__(self, merchant, client, receiver):
        self.client = client
        self.merchant = merchant
        self.ledger = merchant.server.ledger
        self.receiver = receiver
        self.customer_id = client.post("/v1/customers", json={"external_id": "usr_1"}).json()["id"]

    def asked(self, operation):
        """What an operation must be told besides its body, so that it can be done."""
        if operation.path.startswith("/v1/system/"):
            self._end_what_is_under_way()
        wanted = {parameter.name for parameter in operation.path_parameters}
        made = {name: getattr(self, f"_{name}")(operation) for name in wanted}
        payment = made.pop("payment_id", None)
        if payment is not None:
            made["payment_id"] = payment["id"]
        query = {}
        if operation.path.startswith("/v1/webhooks/"):
            self._webhook()
        if operation.path.endswith("/lookup"):
            query = {"external_id": self._external_id(operation)}
        if operation.path.endswith("/confirm-intent"):
            query = {"client_secret": payment["client_secret"]}
        if operation.path.endswith("/sources/explain"):
            query = {"source": "api"}
        if operation.path.startswith("/v1/changes"):
            query = {"since": "2026-01-01"}
        if operation.path == "/v1/events":
            query = {"after": 0, "types": "payment.*"}
        if operation.path.endswith("/top/explain"):
            query = {"customer_id": self._payer()}
        return {"path_parameters": made, "query": query}

    def _payment_id(self, operation):
        step = operation.path.partition("{payment_id}")[2]
        ready = {
            "/retry": {"amount": 4001},
            "/capture": {"capture_method": "manual"},
            "/refund": {},
            "/refunds": {},
            "/receipt": {},
            "/dispute": {},
            "/dispute/resolve": {},
        }
        payment = self._pay(**ready.get(step, {"amount": 77777}))
        if step == "/receipt":
            self._can_be_written_to()
        first = {"/capture": "confirm", "/dispute/resolve": "dispute", "/refunds": "refund"}
        if step in first:
            path = f"/v1/payments/{payment['id']}/{first[step]}"
            self.client.post(path, json={}).raise_for_status()
        return payment

    def _can_be_written_to(self):
        reached = {"email": "ama@shop.example"}
        self.client.patch(f"/v1/customers/{self.customer_id}", json=reached).raise_for_status()
        mail = {"type": "email", "provider": "smtp", "config": MAIL}
        self.client.post("/v1/workflows/integrations", json=mail).raise_for_status()

    def _refund_id(self, _operation):
        return self.client.post(f"/v1/payments/{self._pay()['id']}/refund").json()["id"]

    def _link(self, _operation):
        return self._new_link()["id"]

    def _end_what_is_under_way(self):
        running = self.client.get("/v1/system").raise_for_status().json()["running"]
        if running is not None:
            path = f"/v1/system/runs/{running['number']}/cancel"
            self.client.post(path).raise_for_status()

    def _run_number(self, _operation):
        return self.client.post("/v1/system/verify").raise_for_status().json()["number"]

    def _session_secret(self, _operation):
        asked = {"amount": 77777, "currency": "GHS"}
        opened = self.client.post("/v1/checkout/sessions", json=asked)
        return opened.raise_for_status().json()["session_secret"]

    def _code(self, _operation):
        return self._new_link()["code"]

    def _new_link(self):
        terms = {"name": "Summer Sale", "currency": "GHS", "allow_custom_amount": True}
        asked = terms | {"amount": 4000}
        return self.client.post("/v1/payment-links", json=asked).raise_for_status().json()

    def _subscription_id(self, operation):
        asked = {"customer_id": "usr_1", "plan_id": "plan_1", "amount": 4000, "currency": "GHS"}
        asked |= {"method": "momo", "interval": "monthly"}
        made = self.client.post("/v1/subscriptions", json=asked).raise_for_status().json()
        if operation.path.endswith("/resume"):
            self.client.post(f"/v1/subscriptions/{made['id']}/pause").raise_for_status()
        return made["id"]

    def _invoice_id(self, _operation):
        failing = {"customer_id": "usr_1", "plan_id": "plan_1", "amount": 4001, "currency": "GHS"}
        failing |= {"method": "card", "interval": "yearly"}
        made = self.client.post("/v1/subscriptions", json=failing).raise_for_status().json()
        return made["latest_invoice_id"]

    def _customer_id(self, operation):
        if operation.method == "delete":
            return self.client.post("/v1/customers", json={}).json()["id"]
        return self.customer_id

    def _payer(self):
        payment = self._pay()
        self.client.post(f"/v1/payments/{payment['id']}/confirm").raise_for_status()
        return payment["customer_id"]

    def _event_id(self, _operation):
        self._pay()
        return self.client.get("/v1/events").raise_for_status().json()["events"][0]["id"]

    def _external_id(self, _operation):
        # Changed or deleted by whatever was tried before: there is somebody of that name again.
        self.client.put("/v1/customers/external/usr_1", json={}).raise_for_status()
        return "usr_1"

    def _user_id(self, _operation):
        asked = {"email": f"{uuid4().hex}@shop.example", "role": "support"}
        with self.merchant.client(self.merchant.founded.keys["live"]) as live:
            return live.post("/v1/users", json=asked).raise_for_status().json()["id"]

    def _key_id(self, _operation):
        return self.client.post("/v1/api-keys", json={"name": "another"}).json()["id"]

    def _webhook(self):
        """The one of the config, which is told what happens."""
        asked = {"url": self.receiver.url}
        return self.client.post("/v1/webhooks/config", json=asked).raise_for_status().json()

    def _delivery_id(self, _operation):
        """Of the newest customer, who was registered before there was anybody to tell."""
        endpoint = self._webhook()
        position = int(self.client.post("/v1/customers", json={}).headers["Whence-Position"])
        named = f"evtd_{endpoint['id'].removeprefix('we_')}{position:x}"
        self.client.post(f"/v1/webhooks/outbound/{named}/resend").raise_for_status()
        return named

    def _endpoint_id(self, _operation):
        asked = {"name": uuid4().hex, "url": self.receiver.url}
        made = self.client.post("/v1/webhooks/endpoints", json=asked)
        return made.raise_for_status().json()["id"]

    def _workflow_id(self, _operation):
        follows = {"type": "add_tag", "config": {"tag": "vip"}}
        asked = {"name": "VIPs", "trigger": "payment.success", "actions": [follows]}
        return self._workflow("rules", asked)["id"]

    def _execution_id(self, operation):
        workflow = self._workflow_id(operation)
        self._pay()
        do_what_follows(self.ledger)
        asked = {"workflow_id": workflow}
        found = self.client.get("/v1/workflows/executions", params=asked).raise_for_status()
        return found.json()["executions"][0]["id"]

    def _template_id(self, _operation):
        asked = {"type": "email", "name": "Hi", "subject": "Hi", "body": "{{ customer_name }}"}
        return self._workflow("templates", asked)["id"]

    def _integration_id(self, _operation):
        asked = {"type": "email", "provider": "smtp", "config": MAIL}
        return self._workflow("integrations", asked)["id"]

    def _workflow(self, kind, asked):
        return self.client.post(f"/v1/workflows/{kind}", json=asked).raise_for_status().json()

    def _pay(self, **more):
        asked = {"amount": 4000, "currency": "GHS", "customer_id": "usr_1"} | more
        return self.client.post("/v1/payments/intents", json=asked).raise_for_status().json()


def _make_possible(case, query):
    """Leaves what was thought of as it is, but for words that are no words of this world."""
    case.query = {**(case.query or {}), **query}
    # A page goes on from a page before; zones and countries have names; the past knows nothing of
    # today, and what is made today has not expired.
    for name in ("cursor", "tz", "as_of", "known_at", "until"):
        case.query.pop(name, None)
    for said in (case.query, case.body):
        for name, word in WORDS.items():
            if isinstance(said, dict) and name in said:
                said[name] = word
        if isinstance(said, dict) and "endpoint" in said:
            said |= {"endpoint": "default", "from": 1, "until": None}
        if isinstance(said, dict):
            for name in ("expires_at", "begin"):
                said.pop(name, None)


def _examples(operation):
    """The bodies the document shows; one without a body where it takes none."""
    body = operation.definition.raw.get("requestBody")
    if body is None:
        return [{}]
    content = body["content"]["application/json"]
    return [{"body": content["example"], "media_type": "application/json"}]


def _undescribed(operation, answer):
    said = operation.definition.raw["responses"][str(answer.status_code)]
    described = put_back(said, operation.schema.raw_schema).get("headers", {})
    return set(answer.headers) - {name.lower() for name in described} - OF_EVERY_SERVER


def _deletions_last(schema):
    operations = [found.ok() for found in schema.get_all_operations()]
    operations = [each for each in operations if each.path != ENDLESS]
    return sorted(operations, key=lambda each: (each.method == "delete", each.path))


def _headers(merchant, operation):
    key = key_for(operation.path, merchant.founded.keys)
    return {"X-Reevit-Key": key, "X-Org-Id": merchant.org_id}


def _operations(document):
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            yield path, method, operation


def _parts(part):
    if isinstance(part, dict):
        yield part
    for value in part.values() if isinstance(part, dict) else part:
        if isinstance(value, (dict, list)):
            yield from _parts(value)


def _is_simple_or_null(part):
    types = [each.get("type") for each in part.get("anyOf", ())]
    return len(types) == 2 and types[1] == "null" and types[0] in {"string", "integer", "boolean"}


def _schema_words(part, inside=""):
    if isinstance(part, dict):
        for name, value in part.items():
            if inside != "properties":
                yield inside, name
            yield from _schema_words(value, name)
    elif isinstance(part, list):
        for value in part:
            yield from _schema_words(value, inside)
