"""Provider references: what a provider says twice happened once.

A reference names one payment of a book, whatever becomes of it: so it is claimed in the append
that records it, and whoever states it for another payment is told for which one it stands.
"""

from contextlib import suppress
from typing import Final

from commands.handling.providers import Simulator, simulated_payment
from commands.handling.unit_of_work import UnitOfWork
from domain.payment import Payment
from domain.payment_refusals import PaymentNotFound, ProviderReferenceTaken

# Claimed as `<provider>\n<reference>`, the provider empty where nobody has named one.
PROVIDER_REFERENCE: Final = "provider_reference"
PROVIDER_REFUND: Final = "provider_refund"


async def claim_reference(
    work: UnitOfWork, payment: Payment, provider: str | None, reference: str
) -> None:
    """Makes the reference name this payment and no other.

    Refuses with ProviderReferenceTaken, here or when the append is made.
    """
    if provider == Simulator.name:
        await _must_not_be_simulated_for_another(work, payment, reference)
    _claim(work, PROVIDER_REFERENCE, payment, provider, reference)


def claim_own_reference(
    work: UnitOfWork, payment: Payment, provider: str | None, reference: str | None
) -> None:
    """The same for what its provider itself calls a payment, where that is not made of its id."""
    if reference and simulated_payment(reference) != payment.id:
        _claim(work, PROVIDER_REFERENCE, payment, provider or payment.provider, reference)


def claim_refund_reference(work: UnitOfWork, payment: Payment, reference: str) -> None:
    """The same for the name its provider gave to a refund of a payment."""
    _claim(work, PROVIDER_REFUND, payment, payment.provider, reference)


def _claim(
    work: UnitOfWork, kind: str, payment: Payment, provider: str | None, reference: str
) -> None:
    def taken(owner: str) -> ProviderReferenceTaken:
        return ProviderReferenceTaken(reference, owner)

    work.claim(kind, f"{provider or ''}\n{reference}", payment.id, taken)


async def _must_not_be_simulated_for_another(
    work: UnitOfWork, payment: Payment, reference: str
) -> None:
    """The simulator's own references are made of ids, and claimed by that alone."""
    named = simulated_payment(reference)
    if named is None or named == payment.id:
        return
    with suppress(PaymentNotFound):
        await work.load_stale(Payment, named)
        raise ProviderReferenceTaken(reference, named)
