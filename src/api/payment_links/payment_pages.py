"""Payment pages: how a payment stands that was begun on a pay page, and its receipt.

They are shown to the browser it was begun in, and have no secret in their address.
"""

import asyncio
from typing import Any, Final

from starlette.responses import RedirectResponse, Response

from api.http.failures import answer_to
from api.http.request import ApiRequest
from api.http.routing import new_router
from api.pages.receipts import End, receipt_page
from api.payment_links.begun_payments import begun_here, begun_payment
from api.payment_links.failure_words import failure_words
from api.payment_links.own_payments import secret_of
from api.payment_links.page_templates import Shop, page
from api.payment_links.refusal_pages import for_people, words_of
from api.payment_links.waits import looks_again_seconds, wait_for
from commands import payments
from commands.handling.unit_of_work import UnitOfWork
from commands.link_codes import book_of
from delivery.looks.readers import Reader, reader_of
from delivery.receipts.receipt import METHODS
from domain.book import Book
from domain.errors import Gone, RuleBroken

router = new_router("pay pages")

_SEE_OTHER = 303
_PAID: Final = {
    "refunded": "Paid, and refunded.",
    "partially_refunded": "Paid, and refunded in part.",
}
_THANKS: Final = "Paid. Thank you."


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


async def _shown(
    request: ApiRequest, code: str, payment_id: str, problem: tuple[str, str] | None = None
) -> Response:
    begun = await begun_payment(request, code, payment_id)
    payment: dict[str, Any] = begun["payment"]
    if payment["succeeded_at"]:
        end = End(
            outcome=_PAID.get(payment["status"], _THANKS),
            state=payment["status"],
            continues_at=begun["terms"]["redirect_url"],
        )
        receipts = request.dependencies.receipts
        receipt = await asyncio.to_thread(
            receipts.receipt, book_of(code), payment_id, reader=_reader(request)
        )
        return receipt_page(receipt, end=end)
    return _open_page(request, code, begun, problem)


def _open_page(
    request: ApiRequest, code: str, begun: dict[str, Any], problem: tuple[str, str] | None
) -> Response:
    """Of what has not been paid, or not yet."""
    payment, now = begun["payment"], request.dependencies.handler.clock()
    is_test = Book.named(book_of(code)).mode == "test"
    wait = wait_for(payment, begun["payer"], now, is_test=is_test)
    return page(
        "payment.html",
        shop=Shop.of(begun["organization"], begun["terms"]["branding"]),
        is_test=is_test,
        connects=True,
        title=payment["source_description"],
        payment=payment,
        price=_reader(request).money(payment["net_amount"], payment["currency"]),
        method=METHODS.get(payment["method"], payment["method"]).lower(),
        wait=wait,
        state=f"{payment['status']}-over" if wait and wait.is_over else payment["status"],
        why=failure_words(payment),
        problem=problem,
        again=f"../../{code}",
        looks_again_seconds=looks_again_seconds(payment, wait, now),
    )


def _reader(request: ApiRequest) -> Reader:
    return reader_of(request.request_state.header(b"accept-language"))
