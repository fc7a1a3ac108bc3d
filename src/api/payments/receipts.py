"""The receipt of a payment."""

import asyncio
from typing import Annotated, Any, Final

from fastapi import Query
from pydantic import BaseModel, Field
from starlette.responses import PlainTextResponse, Response

from api.http.request import ApiRequest
from api.http.routing import PRESENT_ONLY, new_router
from api.pages.receipts import receipt_page
from api.payments.queries import READ
from delivery.receipts.letters import as_text

router = new_router("payments")

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


@router.get(
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
