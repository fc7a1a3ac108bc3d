"""What may be asked to be done about invoices."""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.responses import Response

from api.bodies.invoices import Invoice
from api.http.request import ApiRequest
from api.http.routing import needs, new_router
from api.renderings import invoices as rendering
from commands import invoices as commands
from commands.handling.unit_of_work import UnitOfWork
from commands.invoices import CancelInvoice, RetryInvoice, UpdateInvoice
from domain.invoice import Invoice as InvoiceAggregate

router = new_router("invoices")
WRITE = needs("invoices:write")


@router.patch("/v1/invoices/{invoice_id}", response_model=Invoice, dependencies=[WRITE])
async def update_invoice(request: ApiRequest, invoice_id: str, command: UpdateInvoice) -> Response:
    """Notes, or another day on which it is due; its status can only be set to canceled."""
    return await _decide(request, lambda work: commands.update_invoice(work, invoice_id, command))


@router.post("/v1/invoices/{invoice_id}/cancel", response_model=Invoice, dependencies=[WRITE])
async def cancel_invoice(request: ApiRequest, invoice_id: str, command: CancelInvoice) -> Response:
    """The money is not wanted any more: its payment is canceled with it."""
    return await _decide(request, lambda work: commands.cancel_invoice(work, invoice_id, command))


@router.post(
    "/v1/invoices/{invoice_id}/retry",
    status_code=202,
    response_model=Invoice,
    dependencies=[WRITE],
)
async def retry_invoice(
    request: ApiRequest,
    invoice_id: str,
    command: RetryInvoice,  # noqa: ARG001 (its body says nothing)
) -> Response:
    """Tries the payment of a failed one again, also when the policy has no more tries."""
    return await _decide(request, lambda work: commands.retry_invoice(work, invoice_id), status=202)


async def _decide(
    request: ApiRequest,
    change: Callable[[UnitOfWork], Awaitable[InvoiceAggregate]],
    *,
    status: int = 200,
) -> Response:
    async def decide(work: UnitOfWork) -> tuple[int, Any]:
        return status, rendering.of_aggregate(await change(work), org_id=work.org_id)

    return await request.decide(decide)
