"""What may be asked to be done about customers."""

from typing import Any

from starlette.responses import Response

from api.bodies.customers import Customer, Identity
from api.http.errors import InvalidInput
from api.http.request import ApiRequest
from api.http.routing import needs, new_router
from api.renderings import customers as rendering
from commands import customers as commands
from commands.customers import CreateCustomer, PutCustomer, UpdateCustomer
from commands.handling.unit_of_work import UnitOfWork
from projections.customer_profiles import profile, profile_by_external_id
from projections.engine.generations.serving import ViewsRebuilding

router = new_router("customers")
WRITE = needs("customers:write")

# Long enough for views that are up to date in all but name, short enough for a command.
_FIGURES_WAIT_SECONDS = 0.25
_LONGEST_EXTERNAL_ID = 255


@router.post("/v1/customers", status_code=201, response_model=Customer, dependencies=[WRITE])
async def create_customer(request: ApiRequest, command: CreateCustomer) -> Response:
    """Nothing is required: an empty body registers an anonymous customer."""

    async def decide(work: UnitOfWork) -> tuple[int, Any]:
        customer = await commands.create_customer(work, command)
        return 201, rendering.of_aggregate(
            customer, book=request.book, figures=rendering.figures_of(None)
        )

    return await request.decide(decide)


@router.patch(
    "/v1/customers/{customer_id}", response_model=Customer | Identity, dependencies=[WRITE]
)
async def update_customer(
    request: ApiRequest, customer_id: str, command: UpdateCustomer
) -> Response:
    """Fields left out stay as they are; null clears."""
    figures = await _figures(request, lambda db: profile(db, request.book_name, customer_id))

    async def decide(work: UnitOfWork) -> tuple[int, Any]:
        customer = await commands.update_customer(work, customer_id, command)
        return 200, rendering.of_aggregate(customer, book=request.book, figures=figures)

    return await request.decide(decide)


@router.delete("/v1/customers/{customer_id}", status_code=204, dependencies=[WRITE])
async def delete_customer(request: ApiRequest, customer_id: str) -> Response:
    """Payments and every total of the organization stay; the external id is free again."""

    async def decide(work: UnitOfWork) -> tuple[int, Any]:
        await commands.delete_customer(work, customer_id)
        return 204, None

    return await request.decide(decide)


@router.put(
    "/v1/customers/external/{external_id}",
    response_model=Customer | Identity,
    responses={201: {"model": Customer, "description": "Created"}},
    dependencies=[WRITE],
)
async def put_customer(request: ApiRequest, external_id: str, command: PutCustomer) -> Response:
    """Creates the customer of that external id (201), or updates whoever has it (200)."""
    if len(external_id) > _LONGEST_EXTERNAL_ID:
        raise InvalidInput("external_id", f"has more than {_LONGEST_EXTERNAL_ID} characters")
    figures = await _figures(
        request, lambda db: profile_by_external_id(db, request.book_name, external_id)
    )

    async def decide(work: UnitOfWork) -> tuple[int, Any]:
        put = await commands.put_customer(work, external_id, command)
        known = rendering.figures_of(None) if put.created else figures
        status = 201 if put.created else 200
        return status, rendering.of_aggregate(put.customer, book=request.book, figures=known)

    return await request.decide(decide)


@router.patch(
    "/v1/customers/external/{external_id}", response_model=Customer | Identity, dependencies=[WRITE]
)
async def update_customer_by_external_id(
    request: ApiRequest, external_id: str, command: UpdateCustomer
) -> Response:
    """The same as by id."""
    figures = await _figures(
        request, lambda db: profile_by_external_id(db, request.book_name, external_id)
    )

    async def decide(work: UnitOfWork) -> tuple[int, Any]:
        customer_id = await commands.customer_known_as(work, external_id)
        customer = await commands.update_customer(work, customer_id, command)
        return 200, rendering.of_aggregate(customer, book=request.book, figures=figures)

    return await request.decide(decide)


@router.delete("/v1/customers/external/{external_id}", status_code=204, dependencies=[WRITE])
async def delete_customer_by_external_id(request: ApiRequest, external_id: str) -> Response:
    """The same as by id."""

    async def decide(work: UnitOfWork) -> tuple[int, Any]:
        await commands.delete_customer(work, await commands.customer_known_as(work, external_id))
        return 204, None

    return await request.decide(decide)


async def _figures(request: ApiRequest, query: Any) -> dict[str, Any] | None:
    """What the views say of a customer; None while they have nothing, or nothing recent, to say."""
    try:
        told = await request.dependencies.views.ask(
            request.book_name, query, wait_seconds=_FIGURES_WAIT_SECONDS
        )
    except ViewsRebuilding:
        return None
    if told.behind or told.result is None:
        return None
    return rendering.figures_of(told.result)
