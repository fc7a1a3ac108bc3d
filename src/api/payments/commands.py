"""What may be asked to be done about payments."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel
from starlette.responses import Response

from api.bodies.payments import Payment, Refund
from api.http.errors import Forbidden
from api.http.request import ApiRequest
from api.http.routing import needs, new_router
from api.renderings import payments as rendering
from commands import payments as commands
from commands import refunds
from commands.client_secrets import book_of, client_secret
from commands.handling.unit_of_work import UnitOfWork
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


_STATED_BY_SERVERS = {"source", "source_id", "source_description", "occurred_at"}


class ConfirmIntent(BaseModel):
    """The secret that came with the payment; it needs no key beside it."""

    client_secret: str


@router.post(
    "/v1/payments/intents",
    status_code=201,
    response_model=Payment,
    dependencies=[needs("payments:write", "checkout:write")],
)
async def create_payment(request: ApiRequest, command: CreatePayment) -> Response:
    """Asks for money. A refusal of the provider is a failed payment, not an error."""
    if not may_read(request) and command.model_fields_set & _STATED_BY_SERVERS:
        raise Forbidden("insufficient_scope", "a checkout key cannot say what happened elsewhere")
    return await _decide(request, lambda work: commands.create_payment(work, command), status=201)


@router.patch("/v1/payments/intents/{payment_id}", response_model=Payment, dependencies=[WRITE])
async def amend_payment(request: ApiRequest, payment_id: str, command: AmendPayment) -> Response:
    """Changes amount or metadata while nothing is decided, or gives the payment its customer."""
    return await _decide(request, lambda work: commands.amend_payment(work, payment_id, command))


@router.post("/v1/payments/{payment_id}/confirm", response_model=Payment, dependencies=[WRITE])
async def confirm_payment(
    request: ApiRequest, payment_id: str, command: ConfirmPayment
) -> Response:
    """Asks the provider again, or, in live mode, records that it took the money."""
    return await _decide(request, lambda work: commands.confirm_payment(work, payment_id, command))


@router.post(
    "/v1/payments/{payment_id}/confirm-intent",
    response_model=Payment,
    responses={401: {}},
)
async def confirm_intent(
    request: ApiRequest, payment_id: str, query: Annotated[ConfirmIntent, Query()]
) -> Response:
    """What the payer's browser calls: public, with the client secret of the payment."""
    secret = query.client_secret
    return await _decide(
        request,
        lambda work: commands.confirm_intent(work, payment_id, secret),
        secret=secret,
    )


@router.post("/v1/payments/{payment_id}/fail", response_model=Payment, dependencies=[WRITE])
async def fail_payment(request: ApiRequest, payment_id: str, command: FailPayment) -> Response:
    """Records that the merchant's own provider did not take the money."""
    return await _decide(request, lambda work: commands.fail_payment(work, payment_id, command))


@router.post("/v1/payments/{payment_id}/cancel", response_model=Payment, dependencies=[WRITE])
async def cancel_payment(request: ApiRequest, payment_id: str, command: CancelPayment) -> Response:
    """Canceling a canceled payment changes nothing.

    Of a `partially_captured` payment the rest is let go: it becomes `succeeded` with what was
    captured.
    """
    return await _decide(request, lambda work: commands.cancel_payment(work, payment_id, command))


@router.post("/v1/payments/{payment_id}/expire", response_model=Payment, dependencies=[WRITE])
async def expire_payment(
    request: ApiRequest,
    payment_id: str,
    command: ExpirePayment,  # noqa: ARG001 (its body says nothing)
) -> Response:
    """Nobody paid in time."""
    return await _decide(request, lambda work: commands.expire_payment(work, payment_id))


@router.post("/v1/payments/{payment_id}/retry", response_model=Payment, dependencies=[WRITE])
async def retry_payment(
    request: ApiRequest,
    payment_id: str,
    command: RetryPayment,  # noqa: ARG001 (its body says nothing)
) -> Response:
    """Tries a failed payment again."""
    return await _decide(request, lambda work: commands.retry_payment(work, payment_id))


@router.post("/v1/payments/{payment_id}/capture", response_model=Payment, dependencies=[WRITE])
async def capture_payment(
    request: ApiRequest, payment_id: str, command: CapturePayment
) -> Response:
    """Takes what was set aside, all of it or a part."""
    return await _decide(request, lambda work: commands.capture_payment(work, payment_id, command))


@router.post("/v1/payments/{payment_id}/dispute", response_model=Payment, dependencies=[WRITE])
async def open_dispute(request: ApiRequest, payment_id: str, command: OpenDispute) -> Response:
    """Records that the payer wants the money back from their bank."""
    return await _decide(request, lambda work: refunds.open_dispute(work, payment_id, command))


@router.post(
    "/v1/payments/{payment_id}/dispute/resolve", response_model=Payment, dependencies=[WRITE]
)
async def resolve_dispute(
    request: ApiRequest, payment_id: str, command: ResolveDispute
) -> Response:
    """Won: all is as before. Lost: the disputed amount is gone."""
    return await _decide(request, lambda work: refunds.resolve_dispute(work, payment_id, command))


@router.post(
    "/v1/payments/{payment_id}/refund",
    status_code=201,
    response_model=Refund,
    dependencies=[WRITE],
)
async def refund_payment(request: ApiRequest, payment_id: str, command: RefundPayment) -> Response:
    """Gives money back: the amount, or, with 0 or none, all that is left."""

    async def decide(work: UnitOfWork) -> tuple[int, Any]:
        payment, refund_id = await refunds.refund_payment(work, payment_id, command)
        return 201, rendering.of_new_refund(
            payment,
            refund_id,
            reason=command.reason,
            provider_refund_id=command.provider_refund_id,
        )

    return await request.decide(decide)


async def _decide(
    request: ApiRequest,
    change: Callable[[UnitOfWork], Awaitable[PaymentAggregate]],
    *,
    status: int = 200,
    secret: str | None = None,
) -> Response:
    """Runs a command on one payment and answers with the payment as it is afterwards.

    ``secret``: the client secret that was shown instead of a key.
    """
    in_browser = secret is not None or not may_read(request)

    async def decide(work: UnitOfWork) -> tuple[int, Any]:
        payment = await change(work)
        customer = None
        if payment.customer_id is not None:
            customer = await work.load_recent(Customer, payment.customer_id)
        body = rendering.of_aggregate(
            payment, org_id=work.org_id, customer=customer, client_secret=None
        )
        if secret is not None:
            return status, rendering.for_strangers(body)
        return status, rendering.for_browser(body) if in_browser else body

    # What is stored under an idempotency key holds no secret: this one is told beside it.
    def with_secrets(body: dict[str, Any]) -> dict[str, Any]:
        told = secret or client_secret(request.caller.organization, body["id"])
        return body | {"client_secret": told}

    return await request.decide(
        decide,
        with_secrets=with_secrets,
        book=None if secret is None else book_of(secret),
        in_browser=in_browser,
    )


def may_read(request: ApiRequest) -> bool:
    """A key for checkout pages only may learn nothing about the customers it names."""
    return request.caller.may("payments:write") or request.caller.may("payments:read")
