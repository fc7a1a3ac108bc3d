"""Begun payments: what a page tells of one to whoever has begun it there."""

from contextlib import suppress
from typing import Any

import orjson

from api.http.request import ApiRequest
from api.payment_links.own_payments import secret_of
from api.resources.organizations import settings_of
from api.resources.payments import Payer, payment_of
from commands.client_secrets import InvalidClientSecret, see_payment
from commands.handling.unit_of_work import UnitOfWork
from commands.link_codes import book_of
from commands.link_uses import link_of
from commands.payer_details import details_of
from domain.errors import NotFound
from domain.organization import Organization
from domain.payment import Payment
from domain.payment_link import PaymentLink, PaymentLinkNotFound


class NotBegunHere(NotFound):
    """Of another link, of no link, or begun in another browser."""

    code = "payment_not_found"

    def __init__(self) -> None:
        super().__init__("this payment was not begun on this page, in this browser")


async def begun_here(
    work: UnitOfWork, code: str, payment_id: str, secret: str | None
) -> tuple[Payment, PaymentLink]:
    """A payment and the link it came through, deleted or not; raises NotBegunHere."""
    with suppress(InvalidClientSecret, PaymentLinkNotFound):
        payment = await see_payment(work, secret or "")
        link = await work.load_recent(PaymentLink, link_of(payment) or "")
        if (link.code, payment.id) == (code, payment_id):
            return payment, link
    raise NotBegunHere


async def begun_payment(request: ApiRequest, code: str, payment_id: str) -> dict[str, Any]:
    """``payment``, ``payer``, the ``terms`` of the link and the settings of the ``organization``.

    Raises NotBegunHere for what this browser has not begun on this page.
    """
    secret = secret_of(request, code, payment_id)

    async def see(work: UnitOfWork) -> tuple[Payment, PaymentLink]:
        return await begun_here(work, code, payment_id, secret)

    async def show(work: UnitOfWork, seen: tuple[Payment, PaymentLink]) -> dict[str, Any]:
        payment, link = seen
        details = await details_of(work, payment)
        return {
            "payment": payment_of(payment, work.org_id),
            "payer": Payer.of(details, **details.personal) if details else None,
            "terms": link.terms,
            "organization": settings_of(await work.load_recent(Organization, work.org_id)),
        }

    response = await request.decide(
        see, show=show, book=book_of(code), in_browser=True, keyed=False
    )
    found: dict[str, Any] = orjson.loads(bytes(response.body))
    return found
