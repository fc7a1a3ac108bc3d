"""What may be asked about checkout sessions: by a server, and by the page somebody pays on."""

from typing import Any

from starlette.responses import Response

from api.bodies.checkout import CheckoutSession, CheckoutSettings, SelectedMethod
from api.customers.returning import ReturningCustomers
from api.http.errors import Forbidden
from api.http.request import ApiRequest
from api.http.routing import needs, new_router
from api.payments.commands import may_read
from api.renderings import payments as payment_rendering
from api.renderings.values import moment
from commands import checkout as commands
from commands.checkout import (
    OpenCheckoutSession,
    OpenedSession,
    SelectMethod,
    SetCheckoutSettings,
    book_of_session,
)
from commands.client_secrets import client_secret
from commands.handling.unit_of_work import UnitOfWork
from domain.organization import Organization
from domain.payment import Payment

router = new_router("checkout")


@router.post(
    "/v1/checkout/sessions",
    status_code=201,
    response_model=CheckoutSession,
    dependencies=[needs("payments:write", "checkout:write")],
)
async def open_checkout_session(request: ApiRequest, command: OpenCheckoutSession) -> Response:
    """Begins a payment, and a day in which its page may be used.

    Who pays is shown only when a server says who it is: a browser could say any address.
    """
    if not may_read(request) and command.occurred_at is not None:
        raise Forbidden("insufficient_scope", "a checkout key cannot say what happened elsewhere")
    known = may_read(request) and request.caller.may("customers:read")
    organization = request.caller.organization
    customers = ReturningCustomers(request)

    async def decide(work: UnitOfWork) -> tuple[int, Any]:
        opened = await commands.open_checkout_session(work, command, prefills=known)
        return 201, await _body(work, opened, customers)

    def with_secrets(body: dict[str, Any]) -> dict[str, Any]:
        return _with_secrets(body, organization)

    return await request.decide(decide, with_secrets=with_secrets, in_browser=not may_read(request))


@router.get(
    "/v1/checkout/sessions/{session_secret}",
    response_model=CheckoutSession,
    responses={404: {}, 410: {}},
)
async def show_checkout_session(request: ApiRequest, session_secret: str) -> Response:
    """What the page somebody pays on needs: public, with the secret of the session."""
    customers = ReturningCustomers(request)
    found: list[Organization] = []

    async def decide(work: UnitOfWork) -> tuple[int, Any]:
        opened = await commands.see_checkout_session(work, session_secret)
        found[:] = [await work.load_recent(Organization, work.org_id)]
        return 200, await _body(work, opened, customers)

    return await request.decide(
        decide,
        with_secrets=lambda body: _with_secrets(body, found[0]),
        book=book_of_session(session_secret),
        in_browser=True,
    )


@router.post(
    "/v1/checkout/sessions/{session_secret}/select",
    response_model=SelectedMethod,
    responses={404: {}, 410: {}},
)
async def select_method(
    request: ApiRequest, session_secret: str, command: SelectMethod
) -> Response:
    """The payer chooses how to pay: public, with the secret of the session."""

    async def decide(work: UnitOfWork) -> tuple[int, Any]:
        payment = await commands.select_method(work, session_secret, command)
        return 200, {"payment_intent": _payment(work, payment)}

    # Choosing again what was chosen does nothing; and a key would be stored beside the secret.
    book = book_of_session(session_secret)
    return await request.decide(decide, book=book, in_browser=True, keyed=False)


@router.put(
    "/v1/checkout/settings",
    response_model=CheckoutSettings,
    dependencies=[needs("payments:write")],
)
async def set_checkout_settings(request: ApiRequest, command: SetCheckoutSettings) -> Response:
    """Which pages may call from a browser, beside those the service is set up with."""

    async def decide(work: UnitOfWork) -> tuple[int, Any]:
        organization = await commands.set_checkout_settings(work, command)
        return 200, {"allowed_origins": organization.checkout_origins}

    return await request.decide(decide)


async def _body(
    work: UnitOfWork, opened: OpenedSession, customers: ReturningCustomers
) -> dict[str, Any]:
    """The session, without its secrets."""
    session = opened.session
    customer_id = opened.payment.customer_id if session.prefills else None
    return {
        "id": session.id,
        "payment_intent": _payment(work, opened.payment),
        "expires_at": moment(session.expires_at),
        **await customers.shown(work, customer_id),
    }


def _payment(work: UnitOfWork, payment: Payment) -> dict[str, Any]:
    return payment_rendering.for_strangers(
        payment_rendering.of_aggregate(
            payment, org_id=work.org_id, customer=None, client_secret=None
        )
    )


def _with_secrets(body: dict[str, Any], organization: Organization) -> dict[str, Any]:
    """What is told to whoever may use the session, and never stored."""
    payment = body["payment_intent"]
    own = client_secret(organization, payment["id"])
    session_secret = client_secret(organization, body["id"])
    told = payment | {"client_secret": own, "session_secret": session_secret}
    return body | {
        "client_secret": own,
        "session_secret": session_secret,
        "payment_intent": told,
    }
