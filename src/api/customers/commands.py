"""Commands on customers: create, update, put, delete."""

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection
from starlette.responses import Response

from api.customers.selector import CustomerRoutes, CustomerSelector
from api.http.command_answers import Show, WithSecrets
from api.http.errors import InvalidInput
from api.http.request import ApiRequest
from api.http.routing import example, needs, new_router
from api.resources.customer_secrecy import only_what_was_said
from api.resources.customers import (
    NO_FIGURES,
    UNKNOWN_FIGURES,
    Customer,
    CustomerForNow,
    Identity,
    customer_of,
    figures_of,
)
from commands import customers as commands
from commands.customers import CreateCustomer, Put, PutCustomer, UpdateCustomer
from commands.fields import LONGEST_TEXT
from commands.handling.unit_of_work import UnitOfWork
from domain.customer import Customer as CustomerAggregate
from domain.text import seen, tidied
from projections.customer_profiles import Profile, profile_by_external_id

T = TypeVar("T")

router = new_router("customers")
customer_routes = CustomerRoutes()
WRITE = needs("customers:write")


@router.post(
    "/v1/customers",
    status_code=201,
    response_model=Customer,
    dependencies=[WRITE],
    openapi_extra=example(
        external_id="usr_1234",
        email="ada@example.com",
        name="Ada Lovelace",
        phone="+233501234567",
        tags=["premium", "early-adopter"],
        metadata={"plan": "pro"},
    ),
)
async def create_customer(request: ApiRequest, command: CreateCustomer) -> Response:
    """Nothing is required: an empty body registers an anonymous customer."""

    def show(_work: UnitOfWork, customer: CustomerAggregate) -> dict[str, Any]:
        return customer_of(customer, request.book, NO_FIGURES)

    return await request.decide(commands.create_customer, command, show=show, status=201)


@customer_routes.by_external_id.put(
    "/v1/customers/external/{external_id}",
    response_model=Customer | CustomerForNow | Identity,
    responses={201: {"model": Customer, "description": "Created"}},
    dependencies=[WRITE],
    openapi_extra=example(email="ada@example.com", name="Ada Lovelace"),
)
async def put_customer(request: ApiRequest, external_id: str, command: PutCustomer) -> Response:
    """Creates the customer of that external id (201), or updates whoever has it (200)."""
    if not seen(external_id):
        raise InvalidInput("external_id", "says nothing")
    if len(tidied(external_id)) > LONGEST_TEXT:
        raise InvalidInput("external_id", f"has more than {LONGEST_TEXT} characters")
    figures = await _figures(
        request, lambda db, book: profile_by_external_id(db, book, external_id)
    )

    def show(_work: UnitOfWork, put: Put) -> dict[str, Any]:
        return customer_of(put.customer, request.book, NO_FIGURES if put.created else figures)

    return await request.decide(
        commands.put_customer,
        external_id,
        command,
        show=_as_may_be_told(show, command),
        status=lambda put: 201 if put.created else 200,
    )


@customer_routes.register(
    "PATCH",
    response_model=Customer | CustomerForNow | Identity,
    dependencies=[WRITE],
    openapi_extra=example(tags=["premium"], phone=None),
    external_doc="The same as by id.",
)
async def update_customer(
    request: ApiRequest, customer: CustomerSelector, command: UpdateCustomer
) -> Response:
    """Fields left out stay as they are; null clears."""
    figures = await _figures(request, customer.profile)

    async def update(work: UnitOfWork) -> CustomerAggregate:
        return await commands.update_customer(work, await customer.load(work), command)

    def show(_work: UnitOfWork, updated: CustomerAggregate) -> dict[str, Any]:
        return customer_of(updated, request.book, figures)

    return await request.decide(update, show=_as_may_be_told(show, command))


@customer_routes.register(
    "DELETE", status_code=204, dependencies=[WRITE], external_doc="The same as by id."
)
async def delete_customer(request: ApiRequest, customer: CustomerSelector) -> Response:
    """Payments and every total of the organization stay; the external id is free again."""
    request.must_delete()

    async def delete(work: UnitOfWork) -> None:
        await commands.delete_customer(work, await customer.load(work))

    return await request.decide(delete)


def _as_may_be_told(show: Show[T], said: PutCustomer) -> WithSecrets[T]:
    def tell(request: ApiRequest, body: dict[str, Any], _result: T | None) -> dict[str, Any]:
        return only_what_was_said(request, body, said.model_fields_set)

    return WithSecrets(show, tell)


async def _figures(
    request: ApiRequest, query: Callable[[Connection, str], Profile | None]
) -> dict[str, Any]:
    """What the views say of a customer; unknown while they have nothing recent to say."""
    found = await request.ask_shortly(request.book_name, query)
    if found is None or found.behind or found.result is None:
        return UNKNOWN_FIGURES
    return figures_of(found.result)
