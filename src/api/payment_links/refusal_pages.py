"""Refusal pages: what is not there, or not any more, said in words and in the look of its shop."""

from collections.abc import Awaitable, Callable, Mapping
from functools import lru_cache, wraps
from typing import Any, Final

import orjson
from starlette.responses import Response

from api.http.errors import ApiError
from api.http.failures import answer_to
from api.http.packing import packed, takes_gzip
from api.http.request import ApiRequest
from api.payment_links.own_payments import newest
from api.payment_links.page_templates import Shop, page
from api.resources.organizations import settings_of
from commands.handling.unit_of_work import UnitOfWork
from commands.link_codes import book_of, link_named
from delivery.looks.readers import moment_shown
from domain.organization import Organization
from domain.payment_link import PaymentLink

Show = Callable[..., Awaitable[Response]]

_GONE: Final = 410
_FAILURES: Final = 500
_FAILED: Final = (
    "We cannot answer right now",
    "Load this page again in a moment. What you send again is paid once all the same.",
)
_WORDS: Final = {
    "payment_link_not_found": (
        "There is nothing here",
        "No payment link has this address. Check it with whoever sent it to you.",
    ),
    "payment_not_found": (
        "This payment cannot be shown",
        "It is shown for a week, in the browser it was begun in. Ask the shop how it stands.",
    ),
    "payment_link_inactive": (
        "This link is switched off",
        "Nobody can pay through it for now, and nothing was taken from you.",
    ),
    "payment_link_expired": (
        "This link has ended",
        "Nobody can pay through it any more, and nothing was taken from you.",
    ),
    "payment_link_exhausted": (
        "This link has been used up",
        "It has been paid as often as it can be, and nothing more was taken from you.",
    ),
    "not_found": (
        "There is nothing here",
        "No page has this address. Check it with whoever sent it to you.",
    ),
    "method_not_allowed": (
        "This did not work",
        "Open the link again as it was sent to you. Nothing was taken.",
    ),
    "rate_limit_exceeded": (
        "Too much was asked at once",
        "Wait a minute, then load this page again. What you send again is paid once all the same.",
    ),
    "request_too_slow": (
        "That took too long",
        "Load this page again where your connection is better. Nothing was taken.",
    ),
    "payload_too_large": (
        "That was too much to send",
        "Go back, and write less into the form. Nothing was taken.",
    ),
}


def for_people(show: Show) -> Show:
    """What is refused on the way to a page is a page as well; ``show`` takes a ``code``."""

    @wraps(show)
    async def shown_to_people(request: ApiRequest, **named: str) -> Response:
        try:
            response = await show(request, **named)
        except Exception as error:
            answer = answer_to(error)
            if answer.status >= _FAILURES:
                raise  # it is noted where all failures are, and shown from there
            response = await _refused(request, named["code"], answer)
        return packed(response, small=takes_gzip(request.request_state))

    return shown_to_people


def failed(_method: str, answer: ApiError) -> Response:
    """What is refused or fails before anybody knows which page it was for."""
    title, sentence = _FAILED if answer.status >= _FAILURES else words_of(answer)
    return _alone(answer, title, sentence)


def words_of(answer: ApiError) -> tuple[str, str]:
    """A title and a sentence."""
    return _WORDS.get(answer.code, ("This did not work", answer.message))


async def _refused(request: ApiRequest, code: str, answer: ApiError) -> Response:
    title, sentence = words_of(answer)
    if answer.status != _GONE:
        return _alone(answer, title, sentence)
    return page(
        "closed.html",
        status=answer.status,
        title=title,
        sentence=sentence,
        own=newest(request, code),
        code=code,
        **await _closed(request, code),
    )


def _alone(answer: ApiError, title: str, sentence: str) -> Response:
    """Of nobody's link."""
    told = _told_alone(answer.status, title, sentence)
    return Response(told.body, answer.status, {**told.headers, **answer.headers})


@lru_cache(maxsize=64)
def _told_alone(status: int, title: str, sentence: str) -> Response:
    """Made once: whoever is turned away must cost little."""
    known: dict[str, Any] = {"link": None, "ended": "", "own": None, "code": ""}
    return page("closed.html", status=status, title=title, sentence=sentence, **known)


async def _closed(request: ApiRequest, code: str) -> dict[str, Any]:
    """Whose link it was, what for and until when."""

    async def see(work: UnitOfWork) -> PaymentLink:
        return await work.load_recent(PaymentLink, await link_named(work, code))

    async def show(work: UnitOfWork, link: PaymentLink) -> Mapping[str, Any]:
        organization = settings_of(await work.load_recent(Organization, work.org_id))
        return {"organization": organization} | link.terms

    response = await request.decide(
        see, show=show, book=book_of(code), in_browser=True, keyed=False
    )
    terms = orjson.loads(bytes(response.body))
    organization, ended = terms["organization"], terms["expires_at"]
    return {
        "shop": Shop.of(organization, terms["branding"]),
        "link": terms,
        "ended": moment_shown(ended, organization["time_zone"]) if ended else "",
    }
