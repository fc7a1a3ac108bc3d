"""Uses of payment links: each success moves the count, in the append that records it."""

from contextlib import suppress

from commands.handling.ids import looks_like_an_id
from commands.handling.unit_of_work import UnitOfWork
from domain.payment import Payment
from domain.payment_link import PaymentLink, PaymentLinkNotFound

_OURS = "pl_"


def link_of(payment: Payment) -> str | None:
    """The link of ours a payment came through, if it did; a merchant may name others."""
    link_id = payment.source_id
    if payment.source != "payment_link" or link_id is None:
        return None
    return link_id if link_id.startswith(_OURS) and looks_like_an_id(link_id) else None


async def must_have_uses_left(work: UnitOfWork, payment: Payment) -> None:
    """Refuses the payer with LinkExhausted whose payment would be one too many for its link."""
    link_id = link_of(payment)
    if link_id is not None:
        with suppress(PaymentLinkNotFound):
            (await work.load_for_update(PaymentLink, link_id)).must_have_uses_left()


async def count_use(work: UnitOfWork, payment: Payment) -> None:
    """Moves the count of the link a payment came through, if this command made it succeed."""
    link_id = link_of(payment)
    if link_id is None or not payment.has_just_succeeded:
        return
    with suppress(PaymentLinkNotFound):
        (await work.load_for_update(PaymentLink, link_id)).count_use(payment.id, work.now)


async def link_name(work: UnitOfWork, payment_source_id: str | None) -> str | None:
    """What a link of ours is called at this moment; None for a link of somebody else's."""
    if payment_source_id is None or not payment_source_id.startswith(_OURS):
        return None
    with suppress(PaymentLinkNotFound):
        return (await work.load_recent(PaymentLink, payment_source_id)).name
    return None
