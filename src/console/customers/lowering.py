"""What lowered a lifetime value: refunds and lost disputes together, the latest first."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from console.api_client import Answer
from console.pages import Page

_FEW: Final = 10


@dataclass(frozen=True)
class Lowering:
    """The latest facts, of ``count`` in all; ``places``: where all are listed, by what they are."""

    facts: Sequence[Mapping[str, Any]]
    count: int
    places: Mapping[str, str]


async def lowering_of(page: Page, customer_id: str, currency: str) -> Lowering:
    asked = {"customer_id": customer_id, "currency": currency}
    lost = {**asked, "status": "lost"}
    refunds, disputes = await asyncio.gather(
        page.api.get("/v1/payments/refunds", **asked, limit=_FEW),
        page.api.get("/v1/payments/disputes", **lost, limit=_FEW),
    )
    facts = [
        *(_fact("payment.refunded", each, each["created_at"], "amount") for each in refunds.body),
        *(
            _fact("payment.dispute_lost", each, each["decided_at"], "disputed_amount")
            for each in disputes.body
        ),
    ]
    latest = sorted(facts, key=lambda fact: fact["occurred_at"], reverse=True)
    places = {
        "All refunds": page.url("/console/payments/refunds", **asked),
        "All lost disputes": page.url("/console/payments/disputes", **lost),
    }
    return Lowering([*islice(latest, _FEW)], _total(refunds) + _total(disputes), places)


def _fact(topic: str, said: Mapping[str, Any], at: str, amount: str) -> dict[str, Any]:
    return {
        "topic": topic,
        "payment_id": said["payment_id"],
        "occurred_at": at,
        "reason": said["reason"],
        "adds": -said[amount],
    }


def _total(listed: Answer) -> int:
    return int(listed.headers["x-total-count"])
