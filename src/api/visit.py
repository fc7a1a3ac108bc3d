"""What is known about one request from its first byte on, beside what it asks for."""

from dataclasses import dataclass, field

from starlette.types import Scope

from api.rate_limits import Allowance
from commands.directory import Principal
from domain.errors import Refusal

_PLACE = "whence.visit"


@dataclass(slots=True)
class Visit:
    """``refused_key`` says what is wrong with the key that came along, if anything is.

    ``headers`` go on the answer; ``status`` is 0 until it has begun.
    """

    request_id: str
    caller: Principal | None = None
    refused_key: Refusal | None = None
    allowance: Allowance | None = None
    status: int = 0
    replayed: bool = False
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)

    @classmethod
    def of(cls, scope: Scope) -> "Visit":
        visit: Visit = scope[_PLACE]
        return visit

    def join(self, scope: Scope) -> None:
        scope[_PLACE] = self
