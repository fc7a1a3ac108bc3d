"""Error answers: how every refusal looks on the wire. The one place that knows contract 1.0.4."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails
from starlette.responses import Response

from api.http.responses import JSON
from commands.handling.handler import StillUnderWay
from domain.errors import Conflict, Gone, NotFound, NotPermitted, Refusal, Unauthorized


class Error(BaseModel):
    """Every answer that is not 2xx."""

    model_config = ConfigDict(extra="allow")

    error: str = Field(examples=["not_found"])
    code: str = Field(examples=["customer_not_found"])
    message: str = Field(examples=["no customer cus_01hx"])
    details: dict[str, str | int | float | bool | None] | None = Field(
        examples=[{"customer_id": "cus_01hx"}]
    )


@dataclass
class ApiError(Exception):
    """An answer that is not what was asked for: status, category, code, sentence, flat details.

    ``problems`` are all fields that are wrong, of which the answer names the first.
    """

    status: int
    error: str
    code: str
    message: str
    details: Mapping[str, Any] | None = None
    headers: dict[str, str] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)

    def text(self) -> str:
        return orjson.dumps(self.body()).decode()

    def body(self) -> dict[str, Any]:
        return {
            "error": self.error,
            "code": self.code,
            "message": self.message,
            "details": {name: _scalar(value) for name, value in (self.details or {}).items()},
        }

    def response(self) -> Response:
        return Response(
            orjson.dumps(self.body()), self.status, media_type=JSON, headers=self.headers
        )


class InvalidInput(ApiError):  # noqa: N818 (an answer, not a fault)
    """400: what was sent cannot be read or is not allowed."""

    def __init__(
        self,
        field: str,
        reason: str,
        code: str = "validation_error",
        *,
        problems: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(
            400, "validation_error", code, f"{field}: {reason}", {"field": field, "reason": reason}
        )
        self.problems = problems or {field: reason}


class MissingKey(ApiError):  # noqa: N818 (an answer, not a fault)
    """401: nobody said who is asking."""

    def __init__(self) -> None:
        super().__init__(
            401, "unauthorized", "unauthorized", "an API key is needed, in the header X-Reevit-Key"
        )


class Forbidden(ApiError):  # noqa: N818 (an answer, not a fault)
    """403: a good key, but not for this."""

    def __init__(self, code: str, message: str, **details: str | None) -> None:
        super().__init__(403, "forbidden", code, message, details)


def insufficient_scope(*scopes: str) -> Forbidden:
    needed = " or ".join(scopes)
    return Forbidden("insufficient_scope", f"this key lacks the scope {needed}", scope=needed)


class RateLimited(ApiError):  # noqa: N818 (an answer, not a fault)
    """429: asked too often."""

    def __init__(self, retry_after_seconds: int, reason: str = "too many requests") -> None:
        super().__init__(
            429,
            "rate_limited",
            "rate_limit_exceeded",
            f"{reason}: try again in {retry_after_seconds} s",
            {"retry_after": retry_after_seconds},
            {"Retry-After": str(retry_after_seconds)},
        )

    def body(self) -> dict[str, Any]:
        return super().body() | {"retry_after": (self.details or {})["retry_after"]}


class Unavailable(ApiError):  # noqa: N818 (an answer, not a fault)
    """503: not now."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        retry_after_seconds: int = 1,
        **details: float | str | None,
    ) -> None:
        super().__init__(
            503,
            "unavailable",
            code,
            message,
            details,
            {"Retry-After": str(retry_after_seconds)},
        )


def no_such_route(path: str) -> ApiError:
    return ApiError(404, "not_found", "not_found", f"there is nothing at {path}")


def method_not_allowed(method: str, allowed: str) -> ApiError:
    return ApiError(
        405,
        "method_not_allowed",
        "method_not_allowed",
        f"{method} is not allowed here",
        {"allow": allowed},
        {"Allow": allowed},
    )


def body_too_large(largest_bytes: int) -> ApiError:
    return ApiError(
        413,
        "payload_too_large",
        "payload_too_large",
        f"the body is larger than {largest_bytes} bytes",
        {"limit": largest_bytes},
    )


def server_error() -> ApiError:
    """What is said about a fault of ours: nothing that could tell secrets."""
    return ApiError(500, "server_error", "server_error", "something went wrong on our side")


def from_refusal(refusal: Refusal) -> ApiError:
    """A decision not to do it, by its kind."""
    code, message, details = refusal.code, refusal.message, refusal.details
    if isinstance(refusal, NotFound):
        return ApiError(404, "not_found", code, message, details)
    if isinstance(refusal, Conflict):
        again = {"Retry-After": "1"} if isinstance(refusal, StillUnderWay) else {}
        return ApiError(409, "conflict", code, message, details, again)
    if isinstance(refusal, Gone):
        return ApiError(410, "gone", code, message, details)
    if isinstance(refusal, Unauthorized):
        return ApiError(401, "unauthorized", code, message, details)
    if isinstance(refusal, NotPermitted):
        return ApiError(403, "forbidden", code, message, details)
    category = "invalid_state" if code == "invalid_state" else "validation_error"
    return ApiError(400, category, code, message, details)


def refused(refusal: Refusal) -> tuple[int, str]:
    """Status and JSON text of a refusal, so that it can be stored and said again."""
    error = from_refusal(refusal)
    return error.status, error.text()


_CODES_OF_FIELDS = {"amount": "invalid_amount", "currency": "invalid_currency"}


def from_validation(invalid: ValidationError, sent: Any) -> ApiError:
    """The first thing that is wrong with what was sent, and whatever else is."""
    errors = invalid.errors(include_url=False, include_context=False, include_input=False)
    reasons: dict[str, dict[str, None]] = {}
    for each in errors:
        # One field more than once: it might have been one thing or another, and is none of them.
        reasons.setdefault(_field(each, sent), {})[_reason(each)] = None
    problems = {field: "; or ".join(said) for field, said in reasons.items()}
    field, reason = next(iter(problems.items()))
    return InvalidInput(field, reason, _code(errors[0], field), problems=problems)


def _reason(error: ErrorDetails) -> str:
    if error["type"] == "missing":
        return "is required"
    if error["type"] == "extra_forbidden":
        return "there is nothing of this name"
    return error["msg"].removeprefix("Value error, ")


def _code(error: ErrorDetails, field: str) -> str:
    if error["type"] == "missing":
        return "missing_required_field"
    is_unknown = error["type"] == "extra_forbidden"
    return "validation_error" if is_unknown else _CODES_OF_FIELDS.get(field, "validation_error")


def _field(error: ErrorDetails, sent: Any) -> str:
    """Without what nobody has sent: the kinds of which a value might have been."""
    path, place = error["loc"], sent
    names: list[int | str] = []
    for at, part in enumerate(path):
        is_there = isinstance(place, dict) and part in place
        is_missing = error["type"] == "missing" and at == len(path) - 1
        if is_there or is_missing or at == 0 or isinstance(part, int):
            names.append(part)
            place = _inside(place, part)
    return _written(names)


def _inside(place: Any, part: int | str) -> Any:
    if isinstance(place, dict):
        return place.get(part)
    is_there = isinstance(place, list) and isinstance(part, int) and part < len(place)
    return place[part] if is_there else None


def _written(path: Sequence[int | str]) -> str:
    """``custom_fields[0].name``, or "body" for all of it."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return "".join(parts).removeprefix(".") or "body"


def _scalar(value: Any) -> str | int | float | bool | None:
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)
