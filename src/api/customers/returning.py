"""What may a page show of whom a server says it is for? Who they are, and how they paid last."""

from typing import Any

from api.http.request import ApiRequest
from commands.handling.unit_of_work import UnitOfWork
from domain.customer import Customer
from projections.engine.generations.serving import ViewsRebuilding
from projections.prefill import Prefill, prefill

# Long enough for views that are up to date in all but name, short enough for somebody who pays.
_WAIT_SECONDS = 0.25


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
            self._paid_last[known.id] = await self._ask(work.book, known.id)
        last = self._paid_last[known.id]
        return {
            "customer": {"id": known.id, **known.personal},
            "prefill": {
                **known.personal,
                "method": last and last.method,
                "country": last and last.country,
            },
        }

    async def _ask(self, book: str, customer_id: str) -> Prefill | None:
        """None while the views have nothing to say."""
        try:
            told = await self._request.dependencies.views.ask(
                book, lambda db: prefill(db, book, customer_id), wait_seconds=_WAIT_SECONDS
            )
        except ViewsRebuilding:
            return None
        return told.result
