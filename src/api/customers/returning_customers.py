"""Returning customers: what a page shows of whom it is for, and how they paid last."""

from typing import Any

from api.http.request import ApiRequest
from commands.handling.unit_of_work import UnitOfWork
from domain.customer import Customer
from projections.prefill import Prefill, prefill


class ReturningCustomers:
    """Asks the views once for each customer, however often a decision is run."""

    def __init__(self, request: ApiRequest) -> None:
        self._request = request
        self._paid_last: dict[str, Prefill | None] = {}

    async def shown(self, work: UnitOfWork, customer_id: str | None) -> dict[str, Any]:
        """``customer`` and ``prefill`` of an answer; null for nobody, and for somebody deleted."""
        known = None if customer_id is None else await work.load_recent(Customer, customer_id)
        if known is None or known.deleted:
            return {"customer": None, "prefill": None}
        if known.id not in self._paid_last:
            # None while the views have nothing to say.
            found = await self._request.ask_shortly(work.book, prefill, known.id)
            self._paid_last[known.id] = found.result if found else None
        last = self._paid_last[known.id]
        return {
            "customer": {"id": known.id, **known.personal},
            "prefill": {
                **known.personal,
                "method": last and last.method,
                "country": last and last.country,
            },
        }
