"""Consent of customers: whether they may be written to, by email or text message."""

from starlette.responses import Response

from api.customers.selector import CustomerRoutes, CustomerSelector
from api.http.request import ApiRequest
from api.http.responses import answer
from api.http.routing import PRESENT_ONLY, example, needs
from api.resources.consents import Consents, ConsentState, consent_of, consents_of
from api.resources.customer_secrecy import may_ask_for
from commands.consents import StateConsent, customer_s_consents, state_consent
from commands.handling.unit_of_work import UnitOfWork
from domain.customer import Customer

command_routes = CustomerRoutes()
query_routes = CustomerRoutes()
READ, WRITE = needs("customers:read"), needs("customers:write")


@command_routes.register(
    "POST",
    "/consents",
    response_model=ConsentState,
    dependencies=[WRITE],
    openapi_extra=example(channel="email", given=False, reason="asked"),
    external_doc="The same as by id.",
)
async def state_customer_consent(
    request: ApiRequest, customer: CustomerSelector, command: StateConsent
) -> Response:
    """Who takes it back is not written to by workflows any more, but for what is transactional.

    Who complained, or whose address is no more (`complained`, `bounced`), is not written to at all.
    """

    async def state(work: UnitOfWork) -> Customer:
        return await state_consent(work, await customer.load(work), command)

    return await request.decide(state, show=lambda _, stated: consent_of(stated, command.channel))


@query_routes.register(
    "GET", "/consents", response_model=Consents, dependencies=[READ, PRESENT_ONLY]
)
async def list_customer_consents(request: ApiRequest, customer: CustomerSelector) -> Response:
    """What was said of each channel; who has said nothing may be written to."""
    may_ask_for(request, customer.named)

    async def look(work: UnitOfWork) -> Customer:
        return await customer_s_consents(work, await customer.load(work))

    return answer(consents_of(await request.perform(look)))
