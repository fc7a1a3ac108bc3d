"""Pay pages: where a link leads, and somebody pays without a script or an account.

Opening it counts one view. Sending the form begins a payment; whoever began it confirms it on the
next page, which is theirs by its client secret. A form that is sent twice begins one payment.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import wraps
from typing import Any, Final
from urllib.parse import urlencode

import orjson
from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from api.http.errors import (
    ApiError,
    InvalidInput,
    from_refusal,
    from_validation,
)
from api.http.failures import answer_to, is_fault
from api.http.parsing import parse_query, read_body
from api.http.request import ApiRequest
from api.http.routing import new_router
from api.payment_links.commands import begin_payment, look_at_link
from api.payment_links.forms import bounds_of, command_of, major, once
from api.payment_links.page_templates import page
from api.payment_links.typed_amounts import AmountInDoubt
from api.resources.organizations import settings_of
from api.resources.payments import payment_of
from commands import payments
from commands.client_secrets import see_payment
from commands.handling.unit_of_work import UnitOfWork
from commands.link_codes import book_of
from commands.link_payments import PayThroughLink
from commands.link_uses import link_of
from domain.book import Book
from domain.errors import Gone, NotFound, RuleBroken
from domain.money import shown
from domain.organization import Organization
from domain.payment import Payment
from domain.payment_link import PaymentLink, PaymentLinkNotFound
from domain.places import countries, only_country

router = new_router("pay pages")

_METHODS: Final = {
    "card": "Card",
    "mobile_money": "Mobile money",
    "bank_transfer": "Bank transfer",
    "ussd": "USSD",
}
_KINDS: Final = {
    "text": "text",
    "number": "number",
    "email": "email",
    "phone": "tel",
    "date": "date",
}
_SEE_OTHER: Final = 303
Show = Callable[[ApiRequest, str], Awaitable[Response]]


def _for_people(show: Show) -> Show:
    """What is refused is a page as well."""

    @wraps(show)
    async def shown_to_people(request: ApiRequest, code: str) -> Response:
        try:
            return await show(request, code)
        except Exception as error:
            answer = answer_to(error)
            if is_fault(answer):
                raise
            return _closed(answer)

    return shown_to_people


@router.get("/pay/{code}", include_in_schema=False)
@_for_people
async def show_link(request: ApiRequest, code: str) -> Response:
    """The terms and a form."""
    return _form(request, code, await _terms(request, code, counted=True))


@router.post("/pay/{code}", include_in_schema=False)
@_for_people
async def send_form(request: ApiRequest, code: str) -> Response:
    """Begins a payment, or shows the form again with what was wrong."""
    form = parse_query(await read_body(request.receive))
    try:
        link = await _terms(request, code, counted=False)
    except Gone:
        # Whoever paid last may have sent the form twice: the second is told of the first.
        return _to(code, await begin_payment(request, code, PayThroughLink(), key=once(form)))
    try:
        payment = await begin_payment(request, code, command_of(form, link), key=once(form))
    except ValidationError as invalid:
        return _form(request, code, link, form, from_validation(invalid))
    except InvalidInput as wrong:
        return _form(request, code, link, form, wrong)
    except RuleBroken as refused:
        return _form(request, code, link, form, from_refusal(refused))
    except ApiError as refused:
        if refused.status != 400:  # noqa: PLR2004 (what the payer can mend)
            raise
        return _form(request, code, link, form, refused)
    return _to(code, payment)


@router.get("/pay/{code}/payment", include_in_schema=False)
@_for_people
async def show_payment(request: ApiRequest, code: str) -> Response:
    """How the payment stands."""
    return await _payment(request, code)


@router.post("/pay/{code}/payment", include_in_schema=False)
@_for_people
async def confirm_payment(request: ApiRequest, code: str) -> Response:
    """The payer says yes."""
    secret = _secret(request)

    async def confirm(work: UnitOfWork) -> None:
        await _paid_here(work, code, await see_payment(work, secret))
        await payments.confirm_intent(work, secret.partition("_secret_")[0], secret)

    try:
        await request.decide(confirm, book=book_of(code), in_browser=True, keyed=False)
    except (Gone, RuleBroken) as refused:
        return await _payment(request, code, str(refused))
    return RedirectResponse(f"payment?{_own(secret)}", _SEE_OTHER)


async def _terms(request: ApiRequest, code: str, *, counted: bool) -> dict[str, Any]:
    response = await look_at_link(request, code, book_of(code), counted=counted)
    found: dict[str, Any] = orjson.loads(bytes(response.body))
    return found


class _NotPaidHere(NotFound):
    """The secret is of another link's payment, or of one that came through no link."""

    code = "payment_not_found"

    def __init__(self) -> None:
        super().__init__("this payment was not begun on this page")


async def _paid_here(work: UnitOfWork, code: str, payment: Payment) -> PaymentLink:
    """The link a payment came through, deleted or not; raises _NotPaidHere for another's."""
    link_id = link_of(payment)
    with suppress(PaymentLinkNotFound):
        link = await work.load_recent(PaymentLink, link_id or "")
        if link.code == code:
            return link
    raise _NotPaidHere


async def _payment(request: ApiRequest, code: str, problem: str = "") -> Response:
    secret = _secret(request)

    async def see(work: UnitOfWork) -> tuple[Payment, PaymentLink]:
        payment = await see_payment(work, secret)
        return payment, await _paid_here(work, code, payment)

    async def show(work: UnitOfWork, seen: tuple[Payment, PaymentLink]) -> list[Any]:
        payment, link = seen
        shown = payment_of(payment, work.org_id)
        merchant = settings_of(await work.load_recent(Organization, work.org_id))
        return [shown, link.terms["redirect_url"], link.terms["branding"], merchant]

    response = await request.decide(
        see, show=show, book=book_of(code), in_browser=True, keyed=False
    )
    payment, redirect_url, branding, organization = orjson.loads(bytes(response.body))
    return page(
        "payment.html",
        branding=branding,
        organization=organization,
        title=payment["source_description"],
        test=_is_test(code),
        payment=payment,
        price=shown(payment["net_amount"], payment["currency"]),
        redirect_url=redirect_url,
        problem=problem,
        again=f"../{code}",
    )


def _form(
    request: ApiRequest,
    code: str,
    link: dict[str, Any],
    typed: dict[str, Any] | None = None,
    problem: ApiError | None = None,
) -> Response:
    currency = link["currency"]
    is_fixed = not link["allow_custom_amount"]
    return page(
        "link.html",
        status=problem.status if problem else 200,
        branding=link["branding"],
        organization=link["organization"],
        title=link["name"],
        test=_is_test(code),
        link=link,
        price=shown(link["amount"], currency) if is_fixed else "",
        bounds=bounds_of(link),
        suggested=major(link["amount"], currency) if link["amount"] else "",
        methods=_METHODS,
        kinds=_KINDS,
        countries=sorted(countries().items(), key=lambda country: _sorted_by(country[1])),
        country=_country(link, typed),
        typed=defaultdict(str, typed or link["prefill"] or {}),
        problem=problem.message if problem else "",
        readings=problem.readings if isinstance(problem, AmountInDoubt) else {},
        nonce=request.dependencies.handler.ids.secret(16),
    )


def _country(link: dict[str, Any], typed: dict[str, Any] | None) -> str:
    """Which is chosen: by the payer, else as the link or the organization says, else none.

    Not where they paid from last: that may have been anybody's guess.
    """
    if typed is not None:
        return str(typed.get("country") or "")
    stated = link["country"] or link["organization"]["country"]
    return stated or only_country(link["currency"]) or ""


def _sorted_by(name: str) -> str:
    """Åland stands with A."""
    return unicodedata.normalize("NFKD", name).casefold()


def _closed(answer: ApiError) -> Response:
    title = "This page is closed" if answer.status == 410 else "There is nothing here"  # noqa: PLR2004 (gone)
    return page(
        "closed.html", status=answer.status, title=title, test=False, problem=answer.message
    )


def _to(code: str, payment: dict[str, Any]) -> Response:
    """Relative, so that it holds wherever a proxy has put these pages."""
    return RedirectResponse(f"{code}/payment?{_own(payment['client_secret'])}", _SEE_OTHER)


def _secret(request: ApiRequest) -> str:
    return str(parse_query(request.scope["query_string"]).get("client_secret", ""))


def _own(secret: str) -> str:
    return urlencode({"client_secret": secret})


def _is_test(code: str) -> bool:
    return Book.named(book_of(code)).mode == "test"
