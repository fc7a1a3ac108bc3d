"""Checkout session commands: open a session, look at it, choose how to pay."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from commands.client_secrets import InvalidClientSecret, book_of, check_client_secret
from commands.fields import Command, Method, Text
from commands.handling.unit_of_work import UnitOfWork
from commands.payments import CreatePayment, create_payment
from domain.checkout_session import CheckoutSession, SessionNotFound
from domain.organization import Organization
from domain.payment import Payment

_OPEN_FOR: Final = timedelta(hours=24)
MOST_ORIGINS: Final = 50


class OpenCheckoutSession(CreatePayment):
    """The same as for a payment, which it begins."""


class SelectMethod(Command):
    """How the payer wants to pay."""

    method: Method
    provider: Text | None = None


def _distinct(origins: list[str]) -> list[str]:
    return list(dict.fromkeys(origin.rstrip("/") for origin in origins))


Origin = Annotated[str, Field(max_length=255, pattern=r"^https?://[^/\s]+/?$")]


class SetCheckoutSettings(Command):
    """The pages that may call from a browser, like ``https://shop.example``."""

    allowed_origins: Annotated[
        list[Origin], Field(max_length=MOST_ORIGINS), AfterValidator(_distinct)
    ] = Field(default_factory=list)


@dataclass(frozen=True)
class OpenedSession:
    session: CheckoutSession
    payment: Payment


async def open_checkout_session(
    work: UnitOfWork, command: OpenCheckoutSession, *, prefills: bool, by_visitor: bool = False
) -> OpenedSession:
    """A payment, and a session of a day in which it may be made.

    ``by_visitor``: as for a payment.
    """
    as_api = command.model_copy(
        update={"source": "api", "source_id": None, "source_description": None}
    )
    payment = await create_payment(work, as_api, by_visitor=by_visitor)
    session = CheckoutSession.open(
        work.ids.new("cs"),
        payment_id=payment.id,
        expires_at=work.now + _OPEN_FOR,
        prefills=prefills and payment.customer_id is not None,
        now=work.now,
    )
    work.add(session)
    return OpenedSession(session, payment)


async def see_checkout_session(work: UnitOfWork, secret: str) -> OpenedSession:
    """The session of this secret, while it is open."""
    session = await _session(work, secret)
    return OpenedSession(session, await work.load_recent(Payment, session.payment_id))


async def select_method(work: UnitOfWork, secret: str, command: SelectMethod) -> Payment:
    session = await _session(work, secret)
    payment = await work.load_for_update(Payment, session.payment_id)
    payment.select_method(command.method, work.now)
    return payment


async def set_checkout_settings(work: UnitOfWork, command: SetCheckoutSettings) -> Organization:
    organization = await work.load_for_update(Organization, work.org_id)
    organization.set_checkout_origins(command.allowed_origins, work.now)
    return organization


def book_of_session(secret: str) -> str:
    """The book a session secret says it is from; raises SessionNotFound."""
    try:
        return book_of(secret)
    except InvalidClientSecret:
        raise SessionNotFound from None


async def _session(work: UnitOfWork, secret: str) -> CheckoutSession:
    session_id = secret.partition("_secret_")[0]
    try:
        await check_client_secret(work, session_id, secret)
    except InvalidClientSecret:
        raise SessionNotFound from None
    session = await work.load_recent(CheckoutSession, session_id)
    session.must_be_open(work.now)
    return session
