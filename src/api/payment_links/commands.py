"""What may be asked to be done with payment links, and what their payers may do."""

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from starlette.responses import Response

from api.bodies.payment_links import PaymentLink, PublicPaymentLink
from api.bodies.payments import Payment
from api.customers.returning import ReturningCustomers
from api.http.errors import ApiError
from api.http.request import ApiRequest, answer
from api.http.routing import needs, new_router
from api.renderings import payment_links as rendering
from api.renderings import payments as payment_rendering
from commands import link_payments
from commands import payment_links as commands
from commands.client_secrets import client_secret
from commands.handling.unit_of_work import UnitOfWork
from commands.link_codes import book_of, looks_like_a_code
from commands.link_payments import PayThroughLink
from commands.payment_links import CreatePaymentLink, UpdatePaymentLink
from domain.book import Book
from domain.payment_link import PaymentLink as PaymentLinkAggregate
from domain.payment_link import PaymentLinkNotFound


class _IdWithoutKey(PaymentLinkNotFound):
    def __init__(self, link: str) -> None:
        super(PaymentLinkNotFound, self).__init__(
            f"no payment link is found by {link} without an API key: "
            "the code in the link's url needs none",
            payment_link=link,
        )


router = new_router("payment links")
WRITE = needs("payment_links:write")


@router.post("/v1/payment-links", status_code=201, response_model=PaymentLink, dependencies=[WRITE])
async def create_payment_link(request: ApiRequest, command: CreatePaymentLink) -> Response:
    """Terms that anybody who has the address may pay on; the name goes on every payment."""
    prefills = _may_know_customers(request)
    return await _decide(
        request,
        lambda work: commands.create_payment_link(work, command, prefills=prefills),
        status=201,
    )


@router.patch("/v1/payment-links/{link}", response_model=PaymentLink, dependencies=[WRITE])
async def update_payment_link(
    request: ApiRequest, link: str, command: UpdatePaymentLink
) -> Response:
    """Terms left out stay as they are; null clears. What was paid before keeps its name."""
    prefills = _may_know_customers(request)
    return await _decide(
        request, lambda work: commands.update_payment_link(work, link, command, prefills=prefills)
    )


@router.delete("/v1/payment-links/{link}", status_code=204, dependencies=[WRITE])
async def delete_payment_link(request: ApiRequest, link: str) -> Response:
    """What was paid through it stays."""

    async def decide(work: UnitOfWork) -> tuple[int, Any]:
        await commands.delete_payment_link(work, link)
        return 204, None

    return await request.decide(decide)


@router.get("/v1/pay/{code}", response_model=PublicPaymentLink, responses={404: {}, 410: {}})
async def open_payment_link(request: ApiRequest, code: str) -> Response:
    """The terms, for whoever has the address: public, and counted as one view."""
    return await look_at_link(request, code, _book(request, code), counted=True)


@router.post(
    "/v1/pay/{code}/pay",
    status_code=201,
    response_model=Payment,
    responses={404: {}, 410: {}},
)
async def pay_through_link(request: ApiRequest, code: str, command: PayThroughLink) -> Response:
    """Begins a payment on the terms of the link: public; its secret lets the payer confirm it."""
    return answer(await begin_payment(request, code, command), 201)


async def begin_payment(
    request: ApiRequest, code: str, command: PayThroughLink, *, key: str | None = None
) -> dict[str, Any]:
    """The payment, with the secret of whoever pays it; raises the ApiError of a refusal.

    ``key``: the idempotency key, where no header carries one.
    """
    book = _book(request, code)

    async def decide(work: UnitOfWork) -> tuple[int, Any]:
        payment = await link_payments.pay_through_link(work, code, command)
        body = payment_rendering.of_aggregate(
            payment, org_id=work.org_id, customer=None, client_secret=None
        )
        return 201, payment_rendering.for_strangers(body)

    response = await request.decide(decide, book=book, in_browser=True, key=key)
    payment: dict[str, Any] = orjson.loads(bytes(response.body))
    if response.status_code != 201:  # noqa: PLR2004 (the status itself)
        raise ApiError(response.status_code, **payment)
    # What is stored under an idempotency key holds no secret: this one is told beside it.
    organization = await request.dependencies.directory.organization(Book.named(book))
    assert organization is not None  # noqa: S101 (its link was just paid)
    return payment | {"client_secret": client_secret(organization, payment["id"])}


async def look_at_link(request: ApiRequest, code: str, book: str, *, counted: bool) -> Response:
    """The terms for payers, with what is known of whom the link was made for, if for anybody."""
    customers = ReturningCustomers(request)

    async def decide(work: UnitOfWork) -> tuple[int, Any]:
        link = await link_payments.open_payment_link(work, code, counted=counted)
        shown = await customers.shown(work, link.shown_customer_id)
        return 200, rendering.for_payers(link, site=request.site) | shown

    # A form that was sent looks at its link too: it has a key for the payment, and none for this.
    return await request.decide(decide, book=book, in_browser=True, keyed=False)


def _book(request: ApiRequest, code: str) -> str:
    """A code names its book; an id of a link does not, but the key beside it does."""
    if looks_like_a_code(code):
        return book_of(code)
    if request.request_state.caller is None:
        raise _IdWithoutKey(code)
    return request.book_name


def _may_know_customers(request: ApiRequest) -> bool:
    """Whose page shows a customer has been shown them: a key that may not be makes no such page."""
    return request.caller.may("customers:read")


async def _decide(
    request: ApiRequest,
    change: Callable[[UnitOfWork], Awaitable[PaymentLinkAggregate]],
    *,
    status: int = 200,
) -> Response:
    async def decide(work: UnitOfWork) -> tuple[int, Any]:
        link = await change(work)
        return status, rendering.of_aggregate(
            link, org_id=work.org_id, now=work.now, site=request.site
        )

    return await request.decide(decide)
