"""Checkout sessions: opened by a server, used by the page somebody pays on."""

from functools import partial
from typing import Any

from starlette.responses import Response

from api.customers.returning_customers import ReturningCustomers
from api.http.command_answers import WithSecrets
from api.http.errors import Forbidden
from api.http.request import ApiRequest
from api.http.routing import PRESENT_ONLY, example, for_browsers, needs, new_router
from api.payments.commands import vouches
from api.resources.checkout import CheckoutSession, CheckoutSettings, SelectedMethod
from api.resources.payments import for_strangers, payment_of
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
    dependencies=[needs("payments:write", "checkout:write"), for_browsers(scope="checkout:write")],
    openapi_extra=example(amount=15000, currency="GHS", customer_id="usr_5678"),
)
async def open_checkout_session(request: ApiRequest, command: OpenCheckoutSession) -> Response:
    """Begins a payment, and a day in which its page may be used.

    Who pays is shown only when a server says who it is: a browser could say any address.
    """
    is_server = vouches(request)
    if not is_server and command.occurred_at is not None:
        raise Forbidden("insufficient_scope", "a checkout key cannot say what happened elsewhere")
    known = is_server and request.reads_customers
    customers = ReturningCustomers(request)

    async def show(work: UnitOfWork, opened: OpenedSession) -> dict[str, Any]:
        return await _session(work, opened, customers)

    def tell(
        request: ApiRequest, body: dict[str, Any], _opened: OpenedSession | None
    ) -> dict[str, Any]:
        return _with_secrets(body, request.caller.organization)

    return await request.decide(
        partial(commands.open_checkout_session, prefills=known, by_visitor=not is_server),
        command,
        show=WithSecrets(show, tell),
        status=201,
        in_browser=not is_server,
    )


@router.get(
    "/v1/checkout/sessions/{session_secret}",
    response_model=CheckoutSession,
    responses={404: {}, 410: {}},
    dependencies=[for_browsers(book_of_session, "session_secret"), PRESENT_ONLY],
)
async def show_checkout_session(request: ApiRequest, session_secret: str) -> Response:
    """What the page somebody pays on needs: public, with the secret of the session."""
    customers = ReturningCustomers(request)

    # What is shown to whoever has the secret is not stored: it may hold the secrets.
    async def show(work: UnitOfWork, opened: OpenedSession) -> dict[str, Any]:
        body = await _session(work, opened, customers)
        return _with_secrets(body, await work.load_recent(Organization, work.org_id))

    return await request.decide(
        commands.see_checkout_session,
        session_secret,
        show=show,
        book=book_of_session(session_secret),
        in_browser=True,
    )


@router.post(
    "/v1/checkout/sessions/{session_secret}/select",
    response_model=SelectedMethod,
    responses={404: {}, 410: {}},
    dependencies=[for_browsers(book_of_session, "session_secret")],
    openapi_extra=example(method="mobile_money"),
)
async def select_method(
    request: ApiRequest, session_secret: str, command: SelectMethod
) -> Response:
    """The payer chooses how to pay: public, with the secret of the session."""

    def show(work: UnitOfWork, payment: Payment) -> dict[str, Any]:
        return {"payment_intent": for_strangers(payment_of(payment, work.org_id))}

    # Choosing again what was chosen does nothing; and a key would be stored beside the secret.
    return await request.decide(
        commands.select_method,
        session_secret,
        command,
        show=show,
        book=book_of_session(session_secret),
        in_browser=True,
        keyed=False,
    )


@router.put(
    "/v1/checkout/settings",
    response_model=CheckoutSettings,
    dependencies=[needs("payments:write")],
    openapi_extra=example(allowed_origins=["https://shop.example"]),
)
async def set_checkout_settings(request: ApiRequest, command: SetCheckoutSettings) -> Response:
    """Which pages may call from a browser, beside those the service is set up with."""

    def show(_work: UnitOfWork, organization: Organization) -> dict[str, Any]:
        return {"allowed_origins": organization.checkout_origins}

    return await request.decide(commands.set_checkout_settings, command, show=show)


async def _session(
    work: UnitOfWork, opened: OpenedSession, customers: ReturningCustomers
) -> dict[str, Any]:
    """The session, without its secrets."""
    session = opened.session
    customer_id = opened.payment.customer_id if session.prefills else None
    return {
        "id": session.id,
        "payment_intent": for_strangers(payment_of(opened.payment, work.org_id)),
        "expires_at": session.expires_at,
        **await customers.shown(work, customer_id),
    }


def _with_secrets(body: dict[str, Any], organization: Organization) -> dict[str, Any]:
    """What is told to whoever may use the session, and never stored."""
    payment = body["payment_intent"]
    secrets = {
        "client_secret": client_secret(organization, payment["id"]),
        "session_secret": client_secret(organization, body["id"]),
    }
    return body | secrets | {"payment_intent": payment | secrets}
