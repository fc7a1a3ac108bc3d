"""Revealing: somebody who sees customers covered asks to see one, which is recorded."""

from typing import Any

import orjson
from starlette.responses import RedirectResponse, Response

from api.http.authentication import admit
from api.http.request import READS_CUSTOMERS
from commands.customers import reveal_customer
from commands.handling.unit_of_work import UnitOfWork
from console.pages import Page
from console.routing import console_router
from domain.customer import Customer

router = console_router()


@router.post("/console/customers/{customer_id}/reveal")
async def show_who_it_is(page: Page, customer_id: str) -> Response:
    """In the answer to this alone, and where it stands on a page, until that is left."""
    request = page.request
    admit(request.request_state, [READS_CUSTOMERS])
    customer = page.url("/console/customers/{}", customer_id)
    if not request.caller.hides_personal:
        return RedirectResponse(customer, 303)
    told = await request.decide(
        reveal_customer, customer_id, request.caller.id, show=_who, keyed=False
    )
    who = orjson.loads(told.body)
    return page.render("signing_in/revealed.html", who=who, customer=customer)


def _who(_work: UnitOfWork, customer: Customer) -> dict[str, Any]:
    return {"external_id": customer.external_id, **customer.personal}
