"""The OpenAPI document says everything that happens, and nothing else happens."""

import re

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

EXAMPLES_PER_OPERATION = 8
CHECKED = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@pytest.fixture
def document(stranger):
    return stranger.get("/openapi.json").json()


def test_every_operation_says_how_it_may_fail_and_in_which_shape(document):
    for path, method, operation in _operations(document):
        answers = operation["responses"]
        failures = {status for status in answers if status >= "400"}

        assert {"400", "429", "500"} <= failures, (method, path)
        assert ("404" in failures) == ("{" in path or path.endswith("/lookup")), (method, path)
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
    assert open_to_all == {"/healthz", "/v1/payments/{payment_id}/confirm-intent"}


def test_commands_take_an_idempotency_key_and_queries_do_not(document):
    for path, method, operation in _operations(document):
        named = {parameter["name"] for parameter in operation.get("parameters", [])}

        assert ("Idempotency-Key" in named) == (method != "get"), (method, path)


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


def test_the_contract_s_paths_are_all_there(document):
    paths = set(document["paths"])

    assert {
        "/v1/customers",
        "/v1/customers/lookup",
        "/v1/customers/top",
        "/v1/customers/stats",
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
        "/v1/api-keys",
        "/v1/api-keys/{key_id}",
    } <= paths


def test_no_validation_error_of_fastapi_s_own_is_promised(document):
    assert "HTTPValidationError" not in document["components"]["schemas"]
    assert not any("422" in operation["responses"] for _, _, operation in _operations(document))


def test_the_documentation_page_needs_nothing_from_elsewhere(stranger, document):
    page = stranger.get("/docs")

    policy = page.headers["Content-Security-Policy"]
    assert page.status_code == 200
    assert "<script" not in page.text
    assert re.findall(r'(?:src|href)="(https?:[^"]*)"', page.text) == []
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    for path, method, _ in _operations(document):
        assert f'<b class="method">{method.upper()}</b> <code>{path}</code>' in page.text


def test_a_document_of_one_side_names_that_side_only(new_server):
    queries = httpx.get(f"{new_server(only='queries').url}/openapi.json").json()
    commands = httpx.get(f"{new_server(only='commands').url}/openapi.json").json()

    assert {method for _, method, _ in _operations(queries)} == {"get"}
    assert {path for path, method, _ in _operations(commands) if method == "get"} == {"/healthz"}


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("named", ["known things", "anything"])
def test_nothing_happens_that_the_document_does_not_promise(merchant, client, mode, named):
    schema = schemathesis.openapi.from_url(f"{merchant.server.url}/openapi.json")
    known = _known_things(client)
    headers = {"X-Reevit-Key": merchant.founded.keys["test"], "X-Org-Id": merchant.org_id}

    operations = [found.ok() for found in schema.get_all_operations()]
    # What is deleted can be asked nothing more: that comes last.
    for operation in sorted(operations, key=lambda each: each.method == "delete"):
        path_parameters = None
        if named == "known things":
            wanted = {parameter.name for parameter in operation.path_parameters}
            path_parameters = {name: known[name] for name in wanted} or None

        @settings(
            max_examples=EXAMPLES_PER_OPERATION,
            deadline=None,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(mode, path_parameters=path_parameters))
        def nothing_else_happens(case):
            answer = case.call(headers=headers)
            case.validate_response(answer, checks=CHECKED)

        try:
            nothing_else_happens()
        except Unsatisfiable:
            # Whatever is sent here is as promised: there is nothing wrong to send.
            assert mode is GenerationMode.NEGATIVE


def _known_things(client):
    payment = client.post(
        "/v1/payments/intents",
        json={"amount": 4000, "currency": "GHS", "customer_id": "usr_1"},
    ).json()
    refund = client.post(f"/v1/payments/{payment['id']}/refund", json={"amount": 1}).json()
    return {
        "payment_id": payment["id"],
        "customer_id": payment["customer_id"],
        "external_id": "usr_1",
        "refund_id": refund["id"],
        "key_id": client.post("/v1/api-keys", json={"name": "another"}).json()["id"],
    }


def _operations(document):
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            yield path, method, operation


def _schema_words(part, inside=""):
    if isinstance(part, dict):
        for name, value in part.items():
            if inside != "properties":
                yield inside, name
            yield from _schema_words(value, name)
    elif isinstance(part, list):
        for value in part:
            yield from _schema_words(value, inside)
