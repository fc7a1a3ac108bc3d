"""The OpenAPI document, with everything every route has in common."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.http.errors import Error
from api.http.openapi_components import share
from api.http.openapi_errors import ERRORS, SENTENCES
from api.http.openapi_types import as_people_read_it, never_null
from api.http.routing import Operation
from api.http.time_travel import time_travel_parameters
from api.http.vocabulary import Vocabulary

_ERROR_SCHEMA = {"$ref": "#/components/schemas/Error"}
_CHANGING = ("put", "post", "patch", "delete")

_ALWAYS = {
    "X-Request-Id": {"schema": {"type": "string", "examples": ["req_01hxa2b3c4d5e6f7g8h9jkmnpq"]}},
    "X-RateLimit-Limit": {"schema": {"type": "integer"}},
    "X-RateLimit-Remaining": {"schema": {"type": "integer"}},
    "X-RateLimit-Reset": {
        "description": "Unix time in seconds.",
        "schema": {"type": "integer"},
    },
}
_STORE = {"Whence-Store": {"description": "Which store answers.", "schema": {"type": "string"}}}
_POSITION = {
    "Whence-Position": {
        "description": "How far the ledger (or, on a query, the views) had come; to keys that "
        "have `customers:read`.",
        "schema": {"type": "integer"},
    }
}
_BEHIND = {
    "Whence-Behind": {
        "description": "How many facts the answer does not show yet; absent when it shows all.",
        "schema": {"type": "integer"},
    }
}
_REPLAYED = {
    "Idempotent-Replayed": {
        "description": "This is the answer given before, under the same idempotency key.",
        "schema": {"type": "string", "enum": ["true"]},
    }
}
# Beside a list that is a bare array: where there is no room for a pagination object.
_OF_A_LIST = {
    "X-Total-Count": {
        "description": "How many there are on all pages.",
        "schema": {"type": "integer"},
    },
    "Whence-Total-Is-Exact": {
        "description": "There are at least as many as `X-Total-Count` says; absent when exact.",
        "schema": {"type": "string", "enum": ["false"]},
    },
    "Whence-Next-Cursor": {
        "description": "Goes into `cursor` of the next request; absent on the last page.",
        "schema": {"type": "string"},
    },
    "Link": {
        "description": 'The next page, as `rel="next"`; absent on the last one.',
        "schema": {"type": "string"},
    },
}
_RETRY_AFTER = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}}


def _header(name: str, description: str, **schema: Any) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": False,
        "description": description,
        "schema": {"type": "string", **schema},
    }


_ORGANIZATION = _header("X-Org-Id", "If sent, it must be the organization of the key.")
_ACTOR = _header("X-Actor-Id", "Who does it, kept beside what is recorded.", maxLength=255)
_IDEMPOTENCY = _header(
    "Idempotency-Key",
    "Repeating a request with the same key within 24 hours has no further effect and the same "
    "answer.",
    minLength=1,
    maxLength=255,
)


def document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI 3.1 document of an application, made once."""
    if app.openapi_schema is not None:
        return app.openapi_schema
    described = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        routes=app.routes,
        tags=app.openapi_tags,
        servers=app.servers,
        separate_input_output_schemas=False,
    )
    components = described.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas["Error"] = Error.model_json_schema(ref_template="#/components/schemas/{model}")
    components.setdefault("securitySchemes", {})["Bearer"] = {
        "type": "http",
        "scheme": "bearer",
        "description": "The same key; used when X-Reevit-Key is absent.",
    }
    vocabulary = Vocabulary(schemas)
    vocabulary.complete_schemas()
    for route in app.routes:
        if isinstance(route, Operation) and route.include_in_schema:
            for method in map(str.lower, route.methods or ()):
                operation = described["paths"][route.path][method]
                _complete(operation, route, method, schemas)
                for parameter in operation["parameters"]:
                    never_null(parameter["schema"])
                    vocabulary.complete_parameter(parameter)
    whole: dict[str, Any] = as_people_read_it(described)
    share(whole)
    app.openapi_schema = whole
    return whole


def _complete(
    operation: dict[str, Any], route: Operation, method: str, schemas: dict[str, Any]
) -> None:
    path, secured = route.path, bool(operation.get("security"))
    parameters = operation.setdefault("parameters", [])
    _complete_security(operation)
    if secured:
        parameters.append(deepcopy(_ORGANIZATION))
    if method in _CHANGING:
        parameters += deepcopy([_ACTOR, _IDEMPOTENCY] if secured else [_IDEMPOTENCY])
    elif path.startswith("/v1/") and route.knows_the_past:
        parameters += time_travel_parameters()
    _complete_body(operation, route, schemas)
    responses = operation["responses"]
    responses.pop("422", None)
    for answer in responses.values():
        answer["headers"] = _of_every_answer(path, method) | _of_this_answer(answer)
    for status in _statuses(operation, path, method, secured=secured):
        responses[status] = _error(status, _of_every_answer(path, method))
    operation["responses"] = dict(sorted(responses.items()))


def _complete_security(operation: dict[str, Any]) -> None:
    """One of the scopes is enough, and the key may be sent in either header."""
    asked = operation.setdefault("security", [])
    scopes = [scope for each in asked for scope in each["ApiKey"]]
    ways = [[scope] for scope in scopes] or ([[]] if asked else [])
    operation["security"] = [{header: way} for header in ("ApiKey", "Bearer") for way in ways]
    needed = " or ".join(f"`{scope}`" for scope in scopes)
    any_key = "Needs a key, whatever its scopes." if asked else "Needs no key."
    sentence = f"Needs a key with the scope {needed}." if scopes else any_key
    operation["description"] = f"{operation.get('description', '')}\n\n{sentence}".strip()


def _of_every_answer(path: str, method: str) -> dict[str, Any]:
    if not path.startswith("/v1/"):
        return _ALWAYS | _STORE
    return _ALWAYS | _STORE | _POSITION | (_REPLAYED if method in _CHANGING else _BEHIND)


def _of_this_answer(answer: dict[str, Any]) -> dict[str, Any]:
    content = answer.get("content", {})
    schema = content.get("application/json", {}).get("schema", {})
    named: dict[str, Any] = answer.get("headers", {})
    return named | (_OF_A_LIST if schema.get("type") == "array" else {})


def _statuses(operation: dict[str, Any], path: str, method: str, *, secured: bool) -> Iterator[str]:
    yield from ("400", "414", "429", "500")
    if path.startswith("/v1/"):
        yield "503"
    if secured:
        yield from ("401", "403")
    if "{" in path:
        yield "404"
    if method in _CHANGING:
        yield "409"
    if "requestBody" in operation:
        yield "413"
    described = operation["responses"].items()
    yield from (status for status, says in described if status >= "400" and "content" not in says)


def _error(status: str, headers: dict[str, Any]) -> dict[str, Any]:
    category, code, message = ERRORS[status]
    example = {"error": category, "code": code, "message": message, "details": {}}
    headers = headers | (_RETRY_AFTER if status in {"429", "503"} else {})
    return {
        "description": SENTENCES[status],
        "headers": headers,
        "content": {"application/json": {"schema": _ERROR_SCHEMA, "example": example}},
    }


def _complete_body(operation: dict[str, Any], route: Operation, schemas: dict[str, Any]) -> None:
    """A body all of whose fields may be left out may be left out itself; its example is added."""
    body = operation.get("requestBody")
    if body is None:
        return
    content = body["content"]["application/json"]
    name = content["schema"].get("$ref", "").rpartition("/")[2]
    if route.example is not None:
        content["example"] = route.example
    body["required"] = bool(schemas.get(name, {}).get("required"))
