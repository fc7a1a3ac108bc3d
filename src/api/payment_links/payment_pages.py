"""Payment pages: how a payment stands that was begun on a pay page, and its receipt.

They are shown to the browser it was begun in, and have no secret in their address.
"""

import asyncio
from datetime import datetime
from typing import Any, Final

from starlette.responses import RedirectResponse, Response

from api.http.failures import answer_to
from api.http.request import ApiRequest
from api.http.routing import new_router
from api.pages.receipts import receipt_page
from api.payment_links.begun_payments import begun_here, begun_payment, receipt
from api.payment_links.own_payments import secret_of
from api.payment_links.page_templates import Shop, page
from api.payment_links.refusal_pages import for_people, words_of
from commands import payments
from commands.handling.unit_of_work import UnitOfWork
from commands.link_codes import book_of
from delivery.looks.readers import reader_of
from delivery.receipts.receipt import METHODS
from domain.book import Book
from domain.errors import Gone, RuleBroken

router = new_router("pay pages")

_SEE_OTHER = 303
_SOONEST_SECONDS: Final = 20
_LATEST_SECONDS: Final = 600


@router.get("/pay/{code}/payments/{payment}", include_in_schema=False)
@for_people
async def show_payment(request: ApiRequest, code: str, payment: str) -> Response:
    """How the payment stands."""
    return await _shown(request, code, payment)


@router.post("/pay/{code}/payments/{payment}", include_in_schema=False)
@for_people
async def confirm_payment(request: ApiRequest, code: str, payment: str) -> Response:
    """The payer says yes; twice is once."""
    secret = secret_of(request, code, payment)

    async def confirm(work: UnitOfWork) -> None:
        await begun_here(work, code, payment, secret)
        await payments.confirm_intent(work, payment, secret or "")

    try:
        await request.decide(confirm, book=book_of(code), in_browser=True, keyed=False)
    except (Gone, RuleBroken) as refused:
        return await _shown(request, code, payment, words_of(answer_to(refused)))
    # Relative, so that it holds wherever a proxy has put these pages.
    return RedirectResponse(payment, _SEE_OTHER)


@router.get("/pay/{code}/payments/{payment}/receipt", include_in_schema=False)
@for_people
async def show_receipt(request: ApiRequest, code: str, payment: str) -> Response:
    """Of a payment that this browser has begun, to print and to keep."""
    await begun_payment(request, code, payment)
    receipts = request.dependencies.receipts
    return receipt_page(await asyncio.to_thread(receipts.receipt, book_of(code), payment))


async def _shown(
    request: ApiRequest, code: str, payment_id: str, problem: tuple[str, str] | None = None
) -> Response:
    begun = await begun_payment(request, code, payment_id)
    reader = reader_of(request.request_state.header(b"accept-language"))
    payment: dict[str, Any] = begun["payment"]
    return page(
        "payment.html",
        shop=Shop.of(begun["organization"], begun["terms"]["branding"]),
        is_test=Book.named(book_of(code)).mode == "test",
        title=payment["source_description"],
        payment=payment,
        receipt_address=f"{payment['id']}/receipt",
        price=reader.money(payment["net_amount"], payment["currency"]),
        method=METHODS.get(payment["method"], payment["method"]).lower(),
        receipt=receipt(begun, reader),
        redirect_url=begun["terms"]["redirect_url"],
        problem=problem,
        again=f"../../{code}",
        looks_again_seconds=_looks_again_seconds(payment, request.dependencies.handler.clock()),
    )


def _looks_again_seconds(payment: dict[str, Any], now: datetime) -> int:
    """The longer the money has not come, the more seldom: pages are left open for days."""
    age = (now - datetime.fromisoformat(payment["created_at"])).total_seconds()
    return min(max(int(age) // 20, _SOONEST_SECONDS), _LATEST_SECONDS)
