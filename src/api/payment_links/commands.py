"""Commands on payment links, and what their payers may do."""

from functools import partial
from typing import Any

import orjson
from starlette.responses import Response

from api.customers.returning_customers import ReturningCustomers
from api.http.command_answers import Show
from api.http.errors import ApiError
from api.http.request import ApiRequest
from api.http.responses import answer
from api.http.routing import PRESENT_ONLY, example, for_browsers, needs, new_router
from api.http.told_addresses import must_be_allowed
from api.payment_links.looks import is_somebody_s_look
from api.resources.payment_links import PaymentLink, PublicPaymentLink, link_of, public_link_of
from api.resources.payments import Payment, for_strangers, payment_of
from commands import link_payments
from commands import payment_links as commands
from commands.client_secrets import client_secret
from commands.handling.unit_of_work import UnitOfWork
from commands.link_codes import book_of, looks_like_a_code
from commands.link_payments import PayThroughLink
from commands.payment_links import CreatePaymentLink, UpdatePaymentLink
from domain.book import Book
from domain.organization import Organization
from domain.payment import Payment as PaymentAggregate
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


@router.post(
    "/v1/payment-links",
    status_code=201,
    response_model=PaymentLink,
    dependencies=[WRITE],
    openapi_extra=example(
        name="Summer Sale - Premium Plan",
        amount=9900,
        currency="GHS",
        max_uses=100,
        metadata={"campaign": "summer"},
    ),
)
async def create_payment_link(request: ApiRequest, command: CreatePaymentLink) -> Response:
    """Terms that anybody who has the address may pay on; the name goes on every payment.

    The page shows whom it is for if the key that says so may read customers.
    """
    must_be_allowed(request, command.webhook_url, field="webhook_url")
    create = partial(commands.create_payment_link, prefills=request.reads_customers)
    return await request.decide(create, command, show=_for_its_owner(request), status=201)


@router.patch(
    "/v1/payment-links/{link}",
    response_model=PaymentLink,
    dependencies=[WRITE],
    openapi_extra=example(name="Autumn Sale - Premium Plan", status="active"),
)
async def update_payment_link(
    request: ApiRequest, link: str, command: UpdatePaymentLink
) -> Response:
    """Terms left out stay as they are; null clears. What was paid before keeps its name."""
    must_be_allowed(request, command.webhook_url, field="webhook_url")
    update = partial(commands.update_payment_link, prefills=request.reads_customers)
    return await request.decide(update, link, command, show=_for_its_owner(request))


@router.delete("/v1/payment-links/{link}", status_code=204, dependencies=[WRITE])
async def delete_payment_link(request: ApiRequest, link: str) -> Response:
    """What was paid through it stays."""
    return await request.decide(commands.delete_payment_link, link)


@router.get(
    "/v1/pay/{code}",
    response_model=PublicPaymentLink,
    responses={404: {}, 410: {}},
    dependencies=[for_browsers(book_of, "code"), PRESENT_ONLY],
)
async def open_payment_link(request: ApiRequest, code: str) -> Response:
    """The terms, for whoever has the address: public, and one view.

    The previews of messengers, and others who say that they are robots, are no views.
    """
    return await look_at_link(request, code, _book(request, code), counted=True)


@router.post(
    "/v1/pay/{code}/pay",
    status_code=201,
    response_model=Payment,
    responses={404: {}, 410: {}},
    dependencies=[for_browsers(book_of, "code")],
    openapi_extra=example(email="ada@example.com", name="Ada Lovelace", method="card"),
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

    def show(work: UnitOfWork, payment: PaymentAggregate) -> dict[str, Any]:
        return for_strangers(payment_of(payment, work.org_id))

    response = await request.decide(
        link_payments.pay_through_link,
        code,
        command,
        show=show,
        status=201,
        book=book,
        in_browser=True,
        key=key,
    )
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

    async def show(work: UnitOfWork, link: PaymentLinkAggregate) -> dict[str, Any]:
        organization = await work.load_recent(Organization, work.org_id)
        known = await customers.shown(work, link.shown_customer_id)
        return public_link_of(link, organization, site=request.site) | known

    # A form that was sent looks at its link too: it has a key for the payment, and none for this.
    response = await request.decide(
        link_payments.open_payment_link, code, show=show, book=book, in_browser=True, keyed=False
    )
    if counted and is_somebody_s_look(request.request_state):
        link = orjson.loads(bytes(response.body))
        await request.dependencies.link_views.count(book, link["id"])
    return response


def _book(request: ApiRequest, code: str) -> str:
    """A code names its book; an id of a link does not, but a key that may read links does."""
    if looks_like_a_code(code):
        return book_of(code)
    caller = request.request_state.caller
    if caller is None or not caller.may("payment_links:read"):
        raise _IdWithoutKey(code)
    return caller.book


def _for_its_owner(request: ApiRequest) -> Show[PaymentLinkAggregate]:
    def show(work: UnitOfWork, link: PaymentLinkAggregate) -> dict[str, Any]:
        return link_of(link, work.org_id, now=work.now, site=request.site)

    return show
