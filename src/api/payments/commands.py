"""Commands on payments: create, confirm, capture, cancel, refund, dispute."""

from functools import partial
from typing import Annotated, Any, Final

from fastapi import Query
from pydantic import BaseModel
from starlette.responses import Response

from api.http.command_answers import WithSecrets
from api.http.errors import Forbidden
from api.http.request import ApiRequest
from api.http.routing import example, for_browsers, needs, new_router
from api.resources.payments import (
    Payment,
    for_strangers,
    payment_of,
)
from api.resources.refunds import Refund, new_refund_of
from commands import payments as commands
from commands import refunds
from commands.client_secrets import book_of, client_secret
from commands.handling.unit_of_work import UnitOfWork
from commands.payer_details import details_of
from commands.payments import (
    AmendPayment,
    CancelPayment,
    CapturePayment,
    ConfirmPayment,
    CreatePayment,
    ExpirePayment,
    FailPayment,
    RetryPayment,
)
from commands.refunds import OpenDispute, RefundPayment, ResolveDispute
from domain.customer import Customer
from domain.payment import Payment as PaymentAggregate

router = new_router("payments")
WRITE = needs("payments:write")


_STATED_BY_SERVERS: Final = {"source", "source_id", "source_description", "occurred_at"}


class ConfirmIntent(BaseModel):
    """The secret that came with the payment; it needs no key beside it."""

    client_secret: str


async def _shown(work: UnitOfWork, payment: PaymentAggregate) -> dict[str, Any]:
    customer = await _customer_of(work, payment)
    return payment_of(payment, work.org_id, customer, await details_of(work, payment))


async def _customer_of(work: UnitOfWork, payment: PaymentAggregate) -> Customer | None:
    if payment.customer_id is None:
        return None
    return await work.load_recent(Customer, payment.customer_id)


def _shown_to_strangers(work: UnitOfWork, payment: PaymentAggregate) -> dict[str, Any]:
    return for_strangers(payment_of(payment, work.org_id))


# What is stored under an idempotency key holds no secret: this one is told beside it.
def _with_client_secret(
    request: ApiRequest, body: dict[str, Any], _payment: PaymentAggregate | None
) -> dict[str, Any]:
    return body | {"client_secret": client_secret(request.caller.organization, body["id"])}


_PAYMENT: Final = WithSecrets(_shown, _with_client_secret)
_PAYMENT_FOR_STRANGERS: Final = WithSecrets(_shown_to_strangers, _with_client_secret)


@router.post(
    "/v1/payments/intents",
    status_code=201,
    response_model=Payment,
    dependencies=[needs("payments:write", "checkout:write"), for_browsers(scope="checkout:write")],
    openapi_extra=example(amount=15000, currency="GHS", customer_id="usr_1234"),
)
async def create_payment(request: ApiRequest, command: CreatePayment) -> Response:
    """Asks for money. A refusal of the provider is a failed payment, not an error.

    What a checkout key says of who pays is kept with the payment until it has succeeded.
    """
    is_server = vouches(request)
    if not is_server and command.model_fields_set & _STATED_BY_SERVERS:
        raise Forbidden("insufficient_scope", "a checkout key cannot say what happened elsewhere")
    return await request.decide(
        partial(commands.create_payment, by_visitor=not is_server),
        command,
        show=_PAYMENT if is_server else _PAYMENT_FOR_STRANGERS,
        status=201,
        in_browser=not is_server,
    )


@router.patch(
    "/v1/payments/intents/{payment_id}",
    response_model=Payment,
    dependencies=[WRITE],
    openapi_extra=example(amount=12000, metadata={"order": "1001"}),
)
async def amend_payment(request: ApiRequest, payment_id: str, command: AmendPayment) -> Response:
    """Changes amount or metadata while nothing is decided, or gives the payment its customer."""
    amend = partial(commands.amend_payment, secretly=not request.reads_customers)
    return await request.decide(amend, payment_id, command, show=_PAYMENT)


@router.post(
    "/v1/payments/{payment_id}/confirm",
    response_model=Payment,
    dependencies=[WRITE],
    openapi_extra=example(provider="hubtel", provider_ref_id="ht_1001"),
)
async def confirm_payment(
    request: ApiRequest, payment_id: str, command: ConfirmPayment
) -> Response:
    """Asks the provider again, or, in live mode, records that it took the money.

    `amount` is what was really paid, when that is not what was asked: every figure counts it. With
    a `provider_ref_id` also what was canceled, expired or failed succeeds: its money came late.
    A provider's reference stands for one payment: 409 `provider_reference_taken` names it.
    """
    return await request.decide(commands.confirm_payment, payment_id, command, show=_PAYMENT)


@router.post(
    "/v1/payments/{payment_id}/confirm-intent",
    response_model=Payment,
    responses={401: {}},
    dependencies=[for_browsers(book_of, "client_secret")],
)
async def confirm_intent(
    request: ApiRequest, payment_id: str, query: Annotated[ConfirmIntent, Query()]
) -> Response:
    """What the payer's browser calls: public, with the client secret of the payment.

    A server of the organization, which shows its key as well, is told all of the payment.
    """
    secret = query.client_secret
    book = book_of(secret)
    caller = request.request_state.caller
    is_server = caller is not None and caller.book == book and may_read(request)

    def tell(_request: ApiRequest, body: dict[str, Any], _payment: object) -> dict[str, Any]:
        return body | {"client_secret": secret}

    return await request.decide(
        commands.confirm_intent,
        payment_id,
        secret,
        show=_PAYMENT if is_server else WithSecrets(_shown_to_strangers, tell),
        book=book,
        in_browser=not is_server,
    )


@router.post(
    "/v1/payments/{payment_id}/fail",
    response_model=Payment,
    dependencies=[WRITE],
    openapi_extra=example(code="insufficient_funds", message="the account does not hold enough"),
)
async def fail_payment(request: ApiRequest, payment_id: str, command: FailPayment) -> Response:
    """Records that the merchant's own provider did not take the money."""
    return await request.decide(commands.fail_payment, payment_id, command, show=_PAYMENT)


@router.post(
    "/v1/payments/{payment_id}/cancel",
    response_model=Payment,
    dependencies=[WRITE],
    openapi_extra=example(reason="sold out"),
)
async def cancel_payment(request: ApiRequest, payment_id: str, command: CancelPayment) -> Response:
    """Canceling a canceled payment changes nothing.

    Of a `partially_captured` payment the rest is let go: it becomes `succeeded` with what was
    captured.
    """
    return await request.decide(commands.cancel_payment, payment_id, command, show=_PAYMENT)


@router.post(
    "/v1/payments/{payment_id}/expire",
    response_model=Payment,
    dependencies=[WRITE],
    openapi_extra=example(),
)
async def expire_payment(
    request: ApiRequest,
    payment_id: str,
    command: ExpirePayment,  # noqa: ARG001 (its body says nothing)
) -> Response:
    """Nobody paid in time."""
    return await request.decide(commands.expire_payment, payment_id, show=_PAYMENT)


@router.post(
    "/v1/payments/{payment_id}/retry",
    response_model=Payment,
    dependencies=[WRITE],
    openapi_extra=example(),
)
async def retry_payment(
    request: ApiRequest,
    payment_id: str,
    command: RetryPayment,  # noqa: ARG001 (its body says nothing)
) -> Response:
    """Tries a failed payment again."""
    return await request.decide(commands.retry_payment, payment_id, show=_PAYMENT)


@router.post(
    "/v1/payments/{payment_id}/capture",
    response_model=Payment,
    dependencies=[WRITE],
    openapi_extra=example(amount=3000),
)
async def capture_payment(
    request: ApiRequest, payment_id: str, command: CapturePayment
) -> Response:
    """Takes what was set aside, all of it or a part."""
    return await request.decide(commands.capture_payment, payment_id, command, show=_PAYMENT)


@router.post(
    "/v1/payments/{payment_id}/dispute",
    response_model=Payment,
    dependencies=[WRITE],
    openapi_extra=example(amount=1000, reason="not received"),
)
async def open_dispute(request: ApiRequest, payment_id: str, command: OpenDispute) -> Response:
    """Records that the payer wants the money back from their bank.

    Also of what was refunded already: the bank may take it again.
    """
    return await request.decide(refunds.open_dispute, payment_id, command, show=_PAYMENT)


@router.post(
    "/v1/payments/{payment_id}/dispute/resolve",
    response_model=Payment,
    dependencies=[WRITE],
    openapi_extra=example(outcome="won"),
)
async def resolve_dispute(
    request: ApiRequest, payment_id: str, command: ResolveDispute
) -> Response:
    """Won: all is as before. Lost: the disputed amount is gone."""
    return await request.decide(refunds.resolve_dispute, payment_id, command, show=_PAYMENT)


@router.post(
    "/v1/payments/{payment_id}/refund",
    status_code=201,
    response_model=Refund,
    dependencies=[WRITE],
    openapi_extra=example(amount=1000, reason="one was rotten"),
)
async def refund_payment(request: ApiRequest, payment_id: str, command: RefundPayment) -> Response:
    """Gives money back: the amount, or, with 0 or none, all that is left.

    With a `provider_refund_id` that was recorded before: answers that refund, and gives no more.
    """

    async def show(work: UnitOfWork, refunded: tuple[PaymentAggregate, str]) -> dict[str, Any]:
        payment, refund_id = refunded
        return new_refund_of(payment, refund_id, await _customer_of(work, payment))

    return await request.decide(refunds.refund_payment, payment_id, command, show=show, status=201)


def vouches(request: ApiRequest) -> bool:
    """Whether what is said of who pays is the merchant's word: a checkout key is in every page."""
    return request.caller.may("payments:write")


def may_read(request: ApiRequest) -> bool:
    """A key for checkout pages only is not told what is between the merchant and their customer."""
    return request.caller.may("payments:write") or request.caller.may("payments:read")
