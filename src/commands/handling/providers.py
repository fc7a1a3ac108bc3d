"""Payment providers: who moves the money, and the verdicts they may give."""

from dataclasses import dataclass
from typing import Any, Literal, Protocol

from domain.payment import Payment


@dataclass(frozen=True)
class Waits:
    """Nothing has been decided yet."""


@dataclass(frozen=True)
class NeedsAction:
    """The payer must do something first, as ``next_action`` says."""

    next_action: dict[str, Any]


@dataclass(frozen=True)
class Processes:
    """The provider is at work and will say later."""

    provider_ref_id: str | None = None


@dataclass(frozen=True)
class Accepts:
    """The money is there (or set aside, with manual capture)."""

    provider_ref_id: str | None = None


@dataclass(frozen=True)
class Declines:
    """No, and why: a code of contract 1.0.4 and a sentence."""

    code: str
    message: str


Verdict = Waits | NeedsAction | Processes | Accepts | Declines

Asker = Literal["merchant", "payer"]


class Provider(Protocol):
    """What a payment is told when it is created, confirmed, tried again and charged.

    A lost race runs a decision again, so the same question may be asked twice: an answer must
    be the same for the same payment id and question.
    """

    @property
    def name(self) -> str | None: ...

    async def create(self, payment: Payment) -> Verdict: ...

    async def confirm(self, payment: Payment, asker: Asker) -> Verdict: ...

    async def retry(self, payment: Payment) -> Verdict: ...

    async def charge(self, payment: Payment) -> Verdict:
        """For a new payment that the payer has agreed to beforehand, and is not there for."""
        ...


# The amounts of contract 1.2 that make the simulator say no, in minor units of any currency.
_LASTING = {
    4001: Declines("card_declined", "the card was declined"),
    4002: Declines("insufficient_funds", "the account does not hold enough"),
}
_PASSING = {
    4003: Declines("provider_timeout", "the provider did not answer in time"),
    4004: Declines("provider_unavailable", "the provider is down"),
}
_SIMULATED, _PAYMENT = "sim_", "pay_"
_ACCEPTED_AT_ONCE = 4000
_ACTION_REQUIRED = 4005
_PROCESSING = 4006


class Simulator:
    """Test mode: answers at once, by the amount; an amount without a meaning waits for confirm.

    Trying again changes nothing about a card that was declined or an empty account, but a
    provider that was slow or down is up again.
    """

    name = "simulator"

    async def create(self, payment: Payment) -> Verdict:
        if payment.amount == _ACCEPTED_AT_ONCE:
            return self._accepts(payment)
        if payment.amount == _ACTION_REQUIRED:
            return NeedsAction({"type": "simulated", "description": "confirm the payment"})
        if payment.amount == _PROCESSING and payment.method == "mobile_money":
            return Processes(_reference(payment))
        return _LASTING.get(payment.amount) or _PASSING.get(payment.amount) or Waits()

    async def confirm(self, payment: Payment, asker: Asker) -> Verdict:  # noqa: ARG002 (in test mode anybody may)
        return _LASTING.get(payment.amount) or self._accepts(payment)

    async def retry(self, payment: Payment) -> Verdict:
        # Nobody is there to confirm what a subscription pays.
        if payment.amount in _PASSING or payment.source == "subscription":
            return await self.confirm(payment, "merchant")
        return await self.create(payment)

    async def charge(self, payment: Payment) -> Verdict:
        return _PASSING.get(payment.amount) or await self.confirm(payment, "merchant")

    def _accepts(self, payment: Payment) -> Verdict:
        return Accepts(_reference(payment))


class RecordedByMerchant:
    """Live mode: the merchant's own provider takes the money, and the merchant says what it did.

    So only the merchant's word decides; a payer who confirms changes nothing.
    """

    name = None

    async def create(self, payment: Payment) -> Verdict:  # noqa: ARG002 (nothing is known yet)
        return Waits()

    async def confirm(self, payment: Payment, asker: Asker) -> Verdict:  # noqa: ARG002 (the word is enough)
        return Accepts() if asker == "merchant" else Waits()

    async def retry(self, payment: Payment) -> Verdict:  # noqa: ARG002 (nothing is known yet)
        return Waits()

    async def charge(self, payment: Payment) -> Verdict:  # noqa: ARG002 (nothing is known yet)
        return Waits()


def simulated_payment(reference: str) -> str | None:
    """The payment that a reference of the simulator is made of; None for any other reference."""
    if not reference.startswith(_SIMULATED):
        return None
    return f"{_PAYMENT}{reference.removeprefix(_SIMULATED)}"


def _reference(payment: Payment) -> str:
    return f"{_SIMULATED}{payment.id.removeprefix(_PAYMENT)}"
