"""Provider verdicts: what a payment becomes by the word of its provider or its merchant."""

from datetime import datetime, timedelta
from typing import Final

from commands.handling.providers import Accepts, Declines, NeedsAction, Processes, Verdict, Waits
from commands.handling.unit_of_work import UnitOfWork
from commands.payer_details import payer_known_first
from commands.provider_references import claim_own_reference
from domain.errors import RuleBroken
from domain.payment import Payment

# Clocks differ a little; a record of the future is a mistake.
_CLOCKS_DIFFER: Final = timedelta(minutes=5)


class InTheFuture(RuleBroken):
    code = "validation_error"

    def __init__(self, occurred_at: datetime) -> None:
        super().__init__(
            f"occurred_at {occurred_at.isoformat()} is in the future", field="occurred_at"
        )


async def apply_verdict(
    work: UnitOfWork,
    payment: Payment,
    verdict: Verdict,
    *,
    provider: str | None = None,
    provider_ref_id: str | None = None,
    amount: int | None = None,
    occurred_at: datetime | None = None,
) -> None:
    """Lets a payment become what the provider says; what the merchant states goes before."""
    match verdict:
        case Waits():
            pass
        case NeedsAction(next_action):
            payment.require_action(next_action, work.now, occurred_at=occurred_at)
        case Processes(reference):
            claim_own_reference(work, payment, provider, reference)
            payment.start_processing(work.now, provider_ref_id=reference, occurred_at=occurred_at)
        case Accepts(reference):
            claim_own_reference(work, payment, provider, None if provider_ref_id else reference)
            await payer_known_first(
                work,
                payment,
                lambda payment: payment.collect(
                    work.now,
                    provider=provider,
                    provider_ref_id=provider_ref_id or reference,
                    amount=amount,
                    occurred_at=occurred_at,
                ),
            )
        case Declines(code, message):
            payment.fail(code, message, work.now, occurred_at=occurred_at)


def happened(work: UnitOfWork, occurred_at: datetime | None) -> datetime | None:
    """A moment stated by the merchant; refused when it has not come yet.

    What a clock ahead of ours says is just happening, happens now: so whatever follows it, by
    whichever clock, has not happened before it.
    """
    if occurred_at is None:
        return None
    if occurred_at > work.now + _CLOCKS_DIFFER:
        raise InTheFuture(occurred_at)
    return min(occurred_at, work.now)
