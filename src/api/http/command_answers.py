"""Command answers: what a command has done, as it is shown, stored under a key, and told.

What is stored is the same for all who ask by a key; each is told of it what they may know.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any, Generic, TypeVar

import orjson
from starlette.requests import Request
from starlette.responses import Response

from api.http.customer_fields import without_customers
from api.http.responses import Json, to_json
from commands.handling.handler import Answer
from commands.handling.unit_of_work import UnitOfWork

T = TypeVar("T")

# The body that shows what a command has done, made while it may still look around.
Show = Callable[[UnitOfWork, T], Any]

_SUCCESS = 200
_NO_BODY = 204
_REFUSALS = 400


@dataclass(frozen=True)
class WithSecrets(Generic[T]):
    """Shows what a command has done, as it is stored and as it is told.

    ``tell`` is given the request, and adds what is never stored to the body that ``show`` makes;
    for an answer that was stored before, of which nothing but its body is known, the result it is
    given is None.
    """

    show: Show[T]
    tell: Callable[[Any, dict[str, Any], T | None], dict[str, Any]]


class CommandAnswers(Generic[T]):
    """Of one request. Without ``show`` there is no body, and the status is 204.

    ``hides_customers``: from whoever asks, who may not know them.
    """

    def __init__(
        self,
        request: Request,
        show: Show[T] | WithSecrets[T] | None,
        status: int | Callable[[T], int] | None,
        *,
        hides_customers: bool,
    ) -> None:
        self._request = request
        self._secrets = show if isinstance(show, WithSecrets) else None
        self._show = show.show if isinstance(show, WithSecrets) else show
        self._status = status or (_NO_BODY if show is None else _SUCCESS)
        self._hides_customers = hides_customers
        self._result: T | None = None

    async def shown(self, work: UnitOfWork, doing: Awaitable[T]) -> tuple[T, Any]:
        """What was done, and the body that shows it."""
        result = await doing
        body = self._show and self._show(work, result)
        return result, await body if isawaitable(body) else body

    def stored(self, done: tuple[T, Any]) -> tuple[int, str]:
        self._result, body = done
        status = self._status(self._result) if callable(self._status) else self._status
        return status, "" if body is None else to_json(body).decode()

    def told(self, answer: Answer) -> Response:
        if not answer.body:
            return Response(status_code=answer.status)
        is_told_as_stored = not self._hides_customers and self._secrets is None
        if is_told_as_stored or answer.status >= _REFUSALS:
            return Json(answer.body.encode(), answer.status)
        body = orjson.loads(answer.body)
        if self._hides_customers:
            body = without_customers(body)
        if self._secrets is not None:
            # What was decided just now is not what a stored answer is about, however alike.
            result = None if answer.replayed else self._result
            body = self._secrets.tell(self._request, body, result)
        return Json(to_json(body), answer.status)
