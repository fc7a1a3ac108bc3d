"""Request state: what is known about one request from its first byte on."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from starlette.responses import Response
from starlette.types import Scope

from api.http.errors import ApiError
from api.http.rate_limits import Allowance
from commands.principals import Principal
from domain.errors import Refusal
from projections.engine.live.one_moment import OneMoment

FailurePage = Callable[[ApiError], Response]
# By the method that was asked with: what is sent is not asked for again.
FailurePages = Callable[[str, ApiError], Response]

# Where the scope of a request says why it is refused, whoever sent it.
REFUSED: Final = "whence.refused"

_PLACE: Final = "whence.request_state"


@dataclass(slots=True)
class RequestState:
    """``refused_key`` says what is wrong with the key or session that came along, if anything is.

    ``received`` are the headers that came, ``headers`` go on the answer; ``status`` is 0 until
    the answer has begun. ``behind`` is how many facts the views that were asked had yet to show,
    which `is_noted` once they have answered.
    ``failure_page`` shows a failure to people, where they ask for a page. Of ``moment`` is all
    that the views are asked in the present, where that is more than one thing. A past that has to
    be folded first is waited for ``patience_seconds``; None is for as long as it takes.
    """

    request_id: str
    received: dict[bytes, bytes]
    caller: Principal | None = None
    refused_key: Refusal | None = None
    allowance: Allowance | None = None
    status: int = 0
    replayed: bool = False
    behind: int = 0
    is_noted: bool = False
    failure_page: FailurePage | None = None
    moment: OneMoment | None = None
    patience_seconds: float | None = None
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)

    def header(self, name: bytes) -> str | None:
        """A header of the request, by its name in lower case."""
        value = self.received.get(name)
        return None if value is None else value.decode("latin-1")

    def shown(self, failure: ApiError) -> Response:
        """As a page where people ask for one, else as programs read it."""
        return failure.response() if self.failure_page is None else self.failure_page(failure)

    @classmethod
    def of(cls, scope: Scope) -> "RequestState":
        request_state: RequestState = scope[_PLACE]
        return request_state

    def join(self, scope: Scope) -> None:
        scope[_PLACE] = self
