"""The receipt of a payment: to look at, and to be sent again."""

import asyncio
from typing import Annotated, Any, Final

from fastapi import Query
from pydantic import BaseModel, Field
from starlette.responses import PlainTextResponse, Response

from api.http.errors import insufficient_scope
from api.http.request import READS_CUSTOMERS, ApiRequest
from api.http.routing import PRESENT_ONLY, new_router
from api.pages.receipts import receipt_page
from api.payments.commands import WRITE
from api.payments.queries import READ
from api.resources.receipts import SentReceipt, sent_receipt_of
from commands.handling.unit_of_work import UnitOfWork
from commands.receipts import RequestedReceipt, send_receipt_again
from delivery.receipts.letters import as_text

command_router = new_router("payments")
query_router = new_router("payments")

_TEXT: Final = "text/plain"
_DESCRIBED: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "content": {
            "text/html": {"schema": {"type": "string"}},
            _TEXT: {"schema": {"type": "string"}},
        }
    }
}


class ShowReceipt(BaseModel):
    is_copy: bool = Field(default=False, alias="copy")


@command_router.post(
    "/v1/payments/{payment_id}/receipt",
    status_code=202,
    response_model=SentReceipt,
    dependencies=[WRITE],
)
async def send_receipt(request: ApiRequest, payment_id: str) -> Response:
    """Sends it again to the customer's address, marked as a copy.

    For keys with `customers:read`. It is a message like any other: tried again, and an entry of
    the customer's timeline with the execution that says why.
    """
    if not request.reads_customers:
        raise insufficient_scope(READS_CUSTOMERS)

    def show(_work: UnitOfWork, requested: RequestedReceipt) -> dict[str, Any]:
        return sent_receipt_of(requested)

    return await request.decide(send_receipt_again, payment_id, show=show, status=202)


@query_router.get(
    "/v1/payments/{payment_id}/receipt",
    response_class=Response,
    responses=_DESCRIBED,
    dependencies=[READ, PRESENT_ONLY],
)
async def show_receipt(
    request: ApiRequest, payment_id: str, query: Annotated[ShowReceipt, Query()]
) -> Response:
    """A page that prints, or text where that is asked for (`Accept: text/plain`).

    As it was when it was paid: only refunds are added. Who paid is on it for keys with
    `customers:read`. There is none before it has been paid.
    """
    receipt = await asyncio.to_thread(
        request.dependencies.receipts.receipt,
        request.book_name,
        payment_id,
        with_payer=request.reads_customers,
    )
    if (request.request_state.header(b"accept") or "").startswith(_TEXT):
        return PlainTextResponse(as_text(receipt, copy=query.is_copy))
    return receipt_page(receipt, copy=query.is_copy)
