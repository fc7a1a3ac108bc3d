"""Customer selector: routes by our id and by what the business itself calls its customer.

A handler that takes a ``customer`` is registered once, for both paths.
"""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from sqlalchemy import Connection
from starlette.responses import Response

from api.http.request import ApiRequest
from api.http.routing import Handler, new_router
from commands.customers import NothingKnownBy, customer_known_as
from commands.handling.unit_of_work import UnitOfWork
from domain.customer import CustomerNotFound
from projections.customer_profiles import Profile, profile, profile_by_external_id
from projections.customers import customer_id_of, customer_record, was_registered
from projections.facts_about import About, of_customer, of_external_id


@dataclass(frozen=True, slots=True)
class CustomerSelector(ABC):
    """The customer a path names; ``missing`` is the refusal that fits when there is none."""

    named: str

    @property
    @abstractmethod
    def missing(self) -> CustomerNotFound: ...

    @property
    @abstractmethod
    def about(self) -> About:
        """The facts that tell all of the customer, at any moment."""

    @abstractmethod
    def find(self, db: Connection, book: str) -> str:
        """The id in the views; raises ``missing``."""

    def find_ever(self, db: Connection, book: str) -> str:
        """The same, of whoever was deleted too, as far as they still are called so."""
        return self.find(db, book)

    @abstractmethod
    def profile(self, db: Connection, book: str) -> Profile | None: ...

    @abstractmethod
    async def load(self, work: UnitOfWork) -> str:
        """The id for a command; of an external id that nobody has, raises ``missing``."""


class ById(CustomerSelector):
    __slots__ = ()

    @property
    def missing(self) -> CustomerNotFound:
        return CustomerNotFound(self.named)

    @property
    def about(self) -> About:
        return of_customer(self.named)

    def find(self, db: Connection, book: str) -> str:
        if customer_record(db, book, self.named) is None:
            raise self.missing
        return self.named

    def find_ever(self, db: Connection, book: str) -> str:
        if not was_registered(db, book, self.named):
            raise self.missing
        return self.named

    def profile(self, db: Connection, book: str) -> Profile | None:
        return profile(db, book, self.named)

    async def load(self, _work: UnitOfWork) -> str:
        return self.named


class ByExternalId(CustomerSelector):
    __slots__ = ()

    @property
    def missing(self) -> CustomerNotFound:
        return NothingKnownBy(self.named)

    @property
    def about(self) -> About:
        return of_external_id(self.named)

    def find(self, db: Connection, book: str) -> str:
        customer_id = customer_id_of(db, book, self.named)
        if customer_id is None:
            raise self.missing
        return customer_id

    def profile(self, db: Connection, book: str) -> Profile | None:
        return profile_by_external_id(db, book, self.named)

    async def load(self, work: UnitOfWork) -> str:
        return await customer_known_as(work, self.named)


class CustomerRoutes:
    """Registers handlers of a ``customer`` for both paths, each kind of path in its own router.

    Where both come to the application, those by external id come first: a customer may be called
    "payments". The other name of ``list_customer_payments`` is ``list_payments_by_external_id``.
    """

    def __init__(self) -> None:
        self.by_id = new_router("customers")
        self.by_external_id = new_router("customers")

    def register(
        self, method: str, path: str = "", *, external_doc: str | None = None, **declared: Any
    ) -> Callable[[Handler], Handler]:
        """Decorates a handler; ``external_doc`` is what it says about itself by external id."""

        def registered(handler: Handler) -> Handler:
            by_id = _entered(handler, "customer_id", ById)
            self.by_id.add_api_route(
                f"/v1/customers/{{customer_id}}{path}", by_id, methods=[method], **declared
            )
            other = _entered(handler, "external_id", ByExternalId)
            other.__name__ = f"{handler.__name__.replace('customer_', '')}_by_external_id"
            other.__doc__ = external_doc or handler.__doc__
            self.by_external_id.add_api_route(
                f"/v1/customers/external/{{external_id}}{path}", other, methods=[method], **declared
            )
            return handler

        return registered


def _entered(handler: Handler, segment: str, kind: type[CustomerSelector]) -> Handler:
    """The handler with a segment of the path in the place of its ``customer``."""

    @wraps(handler)
    async def entered(request: ApiRequest, **named: Any) -> Response:
        return await handler(request, customer=kind(named.pop(segment)), **named)

    signature = inspect.signature(handler)
    entered.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=[
            parameter.replace(name=segment, annotation=str) if name == "customer" else parameter
            for name, parameter in signature.parameters.items()
        ]
    )
    return entered
