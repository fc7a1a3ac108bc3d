"""Pay pages: where a link leads, and somebody pays without an account, and without a script.

Opening it counts one view. Sending the form begins a payment, which has a page of its own. A form
that is sent twice begins one payment.
"""

from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

import orjson
from starlette.responses import RedirectResponse, Response

from api.http.errors import ApiError, InvalidInput, from_refusal
from api.http.parsing import parse_query, read_body
from api.http.request import ApiRequest
from api.http.routing import new_router
from api.payment_links.begun_payments import NotBegunHere, begun_payment
from api.payment_links.commands import begin_payment, look_at_link
from api.payment_links.forms import (
    ANOTHER_NETWORK,
    CUSTOM,
    WrongForm,
    command_of,
    country_in,
    network_in,
    once,
    suggested,
)
from api.payment_links.number_plans import listed_countries, plans
from api.payment_links.own_payments import keep, newest
from api.payment_links.page_templates import Shop, page
from api.payment_links.refusal_pages import for_people
from commands.link_codes import book_of
from commands.link_payments import PayThroughLink
from delivery.looks.readers import Reader, reader_of
from delivery.receipts.receipt import METHODS
from domain.book import Book
from domain.contact import country_of, example_number
from domain.errors import Gone, RuleBroken
from domain.mobile_money import networks

router = new_router("pay pages")

_KINDS: Final = {
    "text": "text",
    "number": "text",
    "email": "email",
    "phone": "tel",
    "date": "date",
}
_SEE_OTHER: Final = 303
_WRONG: Final = 400


@router.get("/pay/{code}", include_in_schema=False)
@for_people
async def show_link(request: ApiRequest, code: str) -> Response:
    """The terms and a form."""
    link = await _terms(request, code, counted=True)
    return _form(request, code, link, before=await _begun_before(request, code))


@router.post("/pay/{code}", include_in_schema=False)
@for_people
async def send_form(request: ApiRequest, code: str) -> Response:
    """Begins a payment, or shows the form again with everything that was wrong."""
    form = parse_query(await read_body(request.receive))
    try:
        link = await _terms(request, code, counted=False)
    except Gone:
        # Whoever paid last may have sent the form twice: the second is told of the first.
        return _to(request, code, await begin_payment(request, code, _NOTHING, key=once(form)))
    try:
        command = command_of(form, link, _reader(request))
        payment = await begin_payment(request, code, command, key=once(form))
    except WrongForm as wrong:
        return _form(request, code, link, form, wrong=wrong)
    except (RuleBroken, InvalidInput, ApiError) as refused:
        # The terms were changed in this very moment: whatever a payer can mend was found before.
        answer = from_refusal(refused) if isinstance(refused, RuleBroken) else refused
        if answer.status != _WRONG:
            raise
        return _form(request, code, link, form, refused=answer.message)
    return _to(request, code, payment)


_NOTHING: Final = PayThroughLink()


async def _terms(request: ApiRequest, code: str, *, counted: bool) -> dict[str, Any]:
    response = await look_at_link(request, code, book_of(code), counted=counted)
    found: dict[str, Any] = orjson.loads(bytes(response.body))
    return found


async def _begun_before(request: ApiRequest, code: str) -> dict[str, Any] | None:
    """What this browser has begun here last, so that nobody pays again unawares."""
    payment = newest(request, code)
    if payment is not None:
        with suppress(NotBegunHere):
            return await begun_payment(request, code, payment)
    return None


def _known(link: dict[str, Any], before: dict[str, Any] | None) -> dict[str, Any]:
    """What a form is filled in with.

    Not where somebody paid from last: that may have been anybody's guess.
    """
    known = (link["prefill"] or {}) | {"country": ""} | (_typed_before(before) if before else {})
    return {name: value for name, value in known.items() if value}


def _typed_before(begun: dict[str, Any]) -> dict[str, Any]:
    """What somebody typed who tries again: all of it, so that they change only what was wrong."""
    payment, payer = begun["payment"], begun["payer"] or {}
    if payment["succeeded_at"]:
        return {}
    answers = {CUSTOM + name: answer for name, answer in payment["metadata"].items()}
    said = {name: payer.get(name) or "" for name in ("email", "name", "phone", "network")}
    amount = suggested(payment["amount"], payment["currency"])
    return answers | said | {"method": payment["method"], "amount": amount}


def _form(
    request: ApiRequest,
    code: str,
    link: dict[str, Any],
    typed: dict[str, Any] | None = None,
    *,
    wrong: WrongForm | None = None,
    refused: str = "",
    before: dict[str, Any] | None = None,
) -> Response:
    reader = _reader(request)
    said = defaultdict(str, _known(link, before) if typed is None else typed)
    country = _country(said, link, is_sent=typed is not None)
    paid = before and before["payment"]
    offered = networks(country, link["currency"])
    methods = _methods(offered)
    method = said["method"] if said["method"] in methods else next(iter(methods))
    return page(
        "link.html",
        status=_WRONG if wrong or refused else 200,
        shop=Shop.of(link["organization"], link["branding"]),
        is_test=Book.named(book_of(code)).mode == "test",
        title=link["name"],
        code=code,
        link=link,
        price="" if link["allow_custom_amount"] else reader.money(link["amount"], link["currency"]),
        bounds=_bounds(link, reader),
        suggested=suggested(link["amount"], link["currency"]) if link["amount"] else "",
        methods=METHODS,
        offered=methods,
        method=method,
        networks={**offered, ANOTHER_NETWORK: "Another"},
        plans=plans(link["currency"]),
        kinds=_KINDS,
        countries=listed_countries(),
        country=country or "",
        example=example_number(country),
        typed=said,
        network=network_in(said, link) if said["phone"] else said["network"],
        problems=wrong.problems if wrong else {},
        first=_first(wrong, link) if wrong else "",
        readings=wrong.readings if wrong else {},
        refused=refused,
        before=paid,
        before_price=reader.money(paid["net_amount"], paid["currency"]) if paid else "",
        nonce=request.dependencies.handler.ids.secret(16),
    )


def _methods(offered: Mapping[str, str]) -> dict[str, str]:
    """Mobile money first where people have it; where nobody has, nothing is dialled either."""
    by_phone = ("mobile_money", "ussd")
    return {name: words for name, words in METHODS.items() if offered or name not in by_phone}


def _first(wrong: WrongForm, link: dict[str, Any]) -> str:
    """Of the fields that are wrong, the one that stands first."""
    custom = (CUSTOM + field["name"] for field in link["custom_fields"])
    order = ("amount", "method", "phone", "country", "network", "email", "name", *custom)
    return next((name for name in order if name in wrong.problems), "")


def _bounds(link: dict[str, Any], reader: Reader) -> str:
    """What may be paid, in words; empty where anything may."""
    least, most, currency = link["min_amount"], link["max_amount"], link["currency"]
    words = []
    if least is not None:
        words.append(f"From {reader.money(least, currency)}")
    if most is not None:
        words.append(f"{'up' if words else 'Up'} to {reader.money(most, currency)}")
    return " ".join(words)


def _country(said: Mapping[str, Any], link: dict[str, Any], *, is_sent: bool) -> str | None:
    """Which is chosen: by the payer or their number, else as the link or the organization says."""
    if is_sent:
        return country_of(said["phone"]) or str(said["country"]) or None
    return country_in(said, link)


def _to(request: ApiRequest, code: str, payment: dict[str, Any]) -> Response:
    """Relative, so that it holds wherever a proxy has put these pages."""
    response = RedirectResponse(f"{code}/payments/{payment['id']}", _SEE_OTHER)
    keep(request, response, code, payment["id"], payment["client_secret"])
    return response


def _reader(request: ApiRequest) -> Reader:
    return reader_of(request.request_state.header(b"accept-language"))
