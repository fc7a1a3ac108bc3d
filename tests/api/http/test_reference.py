"""Every name of the OpenAPI document is explained to somebody who sees it for the first time."""

import tomllib
from importlib.resources import files

import jsonschema_rs

from api.http.vocabulary import Vocabulary
from api.resources.health import Deliveries, Readiness, Views

METHODS = ("get", "put", "post", "patch", "delete")


def test_every_field_says_what_it_is_and_gives_an_example(document):
    silent = [
        f"{schema}.{name}"
        for schema, name, told in _properties(document)
        if not told.get("description") or _has_no_example(told)
    ]

    assert silent == []


def test_every_parameter_says_what_it_is_and_gives_an_example(document):
    silent = [
        f"{path}: {parameter['name']}"
        for path, _, operation in _operations(document)
        for parameter in operation["parameters"]
        if not parameter.get("description") or not parameter["schema"].get("examples")
    ]

    assert silent == []


def test_every_example_is_what_its_field_may_hold(document):
    described = [(f"{schema}.{name}", told) for schema, name, told in _properties(document)]
    described += [
        (f"{method} {path}: {parameter['name']}", parameter["schema"])
        for path, method, operation in _operations(document)
        for parameter in operation["parameters"]
    ]

    # One for all: what they refer to is read once.
    validator = jsonschema_rs.Draft202012Validator(
        {"components": document["components"], "properties": dict(described)}
    )
    for where, told in described:
        for example in told["examples"]:
            assert validator.is_valid({where: example}), (where, example)


def test_money_says_its_unit_and_a_moment_its_form(document):
    unsaid = [
        f"{schema}.{name}"
        for schema, name, told in _properties(document)
        if ("amount" in name and _is(told, "integer") and "minor unit" not in told["description"])
        or (_is(told, "date-time") and not {"RFC 3339", "date alone"} & _found_in(told))
        or ("currency" in name and _is(told, "string") and "ISO 4217" not in told["description"])
    ]

    assert unsaid == []


def test_no_word_is_kept_that_nothing_is_called_by(document):
    words = tomllib.loads(
        files(Vocabulary.__module__.rpartition(".")[0])
        .joinpath("vocabulary.toml")
        .read_text("utf-8")
    )
    fields = {(schema, name) for schema, name, _ in _properties(document)}
    parameters = {
        (parameter["in"], parameter["name"])
        for _, _, operation in _operations(document)
        for parameter in operation["parameters"]
    }

    # The service adds this one to what the application has.
    for shape in (Readiness, Views, Deliveries):
        fields |= {(shape.__name__, name) for name in shape.model_fields}

    for part, used in (("properties", fields), ("parameters", parameters)):
        names = {name for _, name in used} | {f"{where}.{name}" for where, name in used}
        assert set(words[part]) - names == set()


def test_every_operation_belongs_to_a_subject_that_is_described(document):
    described = {tag["name"] for tag in document["tags"] if tag["description"]}
    used = {tag for _, _, operation in _operations(document) for tag in operation["tags"]}

    assert used == described
    assert document["servers"][0]["url"] == "/"


def test_every_operation_says_which_keys_may_call_it(document):
    security = document["paths"]["/v1/payments/intents"]["post"]["security"]
    public = document["paths"]["/v1/pay/{code}"]["get"]

    assert security == [
        {"ApiKey": ["payments:write"]},
        {"ApiKey": ["checkout:write"]},
        {"Bearer": ["payments:write"]},
        {"Bearer": ["checkout:write"]},
    ]
    assert public["security"] == []
    assert public["description"].endswith("Needs no key.")


def _properties(document):
    for schema, described in document["components"]["schemas"].items():
        for name, told in described.get("properties", {}).items():
            yield schema, name, told


def _operations(document):
    for path, described in document["paths"].items():
        for method in METHODS:
            if method in described:
                yield path, method, described[method]


def _has_no_example(told):
    return told.get("examples", [None]) == [None] and told.get("type") != "null"


def _is(told, kind):
    return any(kind in (part.get("format"), *_types(part)) for part in _parts(told))


def _types(part):
    named = part.get("type", [])
    return named if isinstance(named, list) else [named]


def _parts(told):
    return [told, *told.get("anyOf", ())]


def _found_in(told):
    return {form for form in ("RFC 3339", "date alone") if form in told["description"]}
