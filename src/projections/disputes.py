"""Disputes of payments: open until they are decided, then won or lost."""

from sqlalchemy import BigInteger

from domain.payment import Payment
from projections.engine.folding.changes import Changes, Recorded
from projections.engine.folding.definitions import ignoring
from projections.engine.folding.tables import at_latest, first, key, latest, view
from projections.payment_facts import NoMoneyMoved

disputes = view(
    "disputes",
    key("dispute_id"),
    first("payment_id"),
    first("amount", BigInteger),
    first("currency"),
    first("reason"),
    first("opened_at", BigInteger),
    latest("state_position"),
    at_latest("status", of="state_position"),
    indexes=[("payment_id", "opened_at", "dispute_id")],
)

Disputed = Payment.DisputeOpened | Payment.DisputeWon | Payment.DisputeLost


@ignoring(
    *(NoMoneyMoved, Payment.Created, Payment.MethodSelected, Payment.CustomerAttached),
    *(Payment.Succeeded, Payment.Failed, Payment.Retried, Payment.Refunded),
)
def fold(recorded: Recorded[Disputed], changes: Changes) -> None:
    fact, position = recorded.fact, recorded.position
    rows, key = changes.of(disputes), (fact.dispute_id,)
    match fact:
        case Payment.DisputeOpened():
            rows.merge(
                key,
                payment_id=fact.originator_id,
                amount=fact.disputed_amount,
                currency=fact.currency,
                reason=fact.reason,
                opened_at=recorded.at,
                state_position=position,
                status="open",
            )
        case Payment.DisputeWon():
            rows.merge(key, state_position=position, status="won")
        case Payment.DisputeLost():
            rows.merge(key, state_position=position, status="lost")
