"""Failures: what pages say in place of what was asked: what failed, what is safe, what next."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from api.http.errors import ApiError
from console.addresses import TRAVEL
from console.rendering import document, rendered_alone
from console.wording import about, refusal_of, sentence_of

_REFUSALS: Final = range(400, 500)
_FORBIDDEN: Final = 403
_OURS: Final = (
    "This did not work",
    (
        "Something went wrong on our side. What was recorded is safe, and a form that is sent "
        "again is carried out once."
    ),
)
_NOT_ALLOWED: Final = ("You may not do this", "Ask whoever gave you access for more of it.")
_TOO_LARGE: Final = "book_too_large"
_WORDS: Final = {
    "not_found": ("There is nothing here", "No page of the console has this address."),
    "insufficient_scope": _NOT_ALLOWED,
    "not_for_this_role": _NOT_ALLOWED,
    _TOO_LARGE: (
        "This book is too large for its past",
        (
            "What it was at a moment is worked out fact by fact, and here there are too many. "
            "The present is shown as ever."
        ),
    ),
    "rate_limit_exceeded": ("Too much was asked at once", ""),
    "too_many_connections": (
        "Too many are being served at once",
        "Nothing was done. Try again in a moment.",
    ),
    "request_too_slow": (
        "That came too slowly",
        "The connection may be bad. Nothing was done: try again.",
    ),
    "header_too_large": (
        "That was too much to send",
        "With each page a browser sends what it keeps for this address: here it keeps too much.",
    ),
    "payload_too_large": ("That was too much to send", "Go back, and write less into the form."),
    "uri_too_long": (
        "That was too much to look for",
        "Go back, and look for fewer words or choose fewer filters.",
    ),
    "past_folding": (
        "Looking back: one moment",
        ("What there was by then is worked out from the facts, the first time somebody asks."),
    ),
    "views_rebuilding": (
        "The figures are being worked out anew",
        "All facts are safe, and new ones are recorded.",
    ),
    "views_behind": (
        "This is not shown yet",
        "It may have been recorded a moment ago.",
    ),
    "ledger_unavailable": (
        "The ledger cannot be reached",
        "What was recorded is safe.",
    ),
}
# The API says best which it was; the rest is said behind.
_IN_ITS_WORDS: Final = frozenset({"insufficient_scope", "not_for_this_role", "rate_limit_exceeded"})
_RENEWED: Final = frozenset(
    {"past_folding", "views_rebuilding", "views_behind", "ledger_unavailable"}
)
_RENEWED_AFTER_SECONDS: Final = 2
_RENEWS: Final = "This page renews itself."
_SENT: Final = (
    "What you have sent is perhaps not recorded: send it again, and it is carried out once."
)


@dataclass(frozen=True)
class Failure:
    """``progress``: which share of the views is ready, while they are built; else None.

    ``is_passing``: the same may work in a moment, and is asked for again by itself.
    """

    title: str
    sentence: str
    status: int
    code: str
    progress: float | None = None
    is_passing: bool = False

    @property
    def is_final(self) -> bool:
        """Whether the same, asked again, is refused again."""
        return self.status == _FORBIDDEN

    @property
    def is_ours(self) -> bool:
        return self.status not in _REFUSALS


def failure_of(error: ApiError, *, sent: bool = False, role: str | None = None) -> Failure:
    """``sent``: a form was, which nothing but whoever sent it sends again.

    ``role``: of whoever looks; None of somebody with a key.
    """
    title, sentence = _WORDS.get(error.code, (_OURS[0], ""))
    if error.code in _IN_ITS_WORDS or not sentence:
        sentence = f"{_sentence(error, role)} {sentence}".strip()
    if error.code in _RENEWED:
        sentence = f"{sentence} {_SENT if sent else _RENEWS}"
    found = (error.details or {}).get("progress")
    return Failure(
        title,
        sentence,
        error.status,
        error.code,
        float(found) if isinstance(found, int | float) else None,
        error.code in _RENEWED,
    )


def is_unrecorded(error: ApiError) -> bool:
    """Whether what was sent is perhaps not recorded, and may be sent again as it is."""
    return error.code in _RENEWED


def unrecorded(error: ApiError) -> str:
    failure = failure_of(error, sent=True)
    return f"{failure.title}. {failure.sentence}"


def is_about_the_past(error: ApiError) -> bool:
    """Whether it is the moment that cannot be looked back to, whatever else is asked."""
    return error.code == _TOO_LARGE or (error.details or {}).get("field") in TRAVEL


def failed(method: str, error: ApiError, *, asset: Callable[[str], str]) -> Response:
    """What is refused before anybody knows whose page it was."""
    sent = method == "POST"
    failure = failure_of(error, sent=sent)
    html = rendered_alone("failed_alone.html", failure=failure, sent=sent, asset=asset)
    return completed(document(html, error.status, small=False, has_parts=False), error, sent=sent)


def completed(response: Response, error: ApiError, *, sent: bool) -> Response:
    response.headers.update(error.headers)
    if error.code in _RENEWED and not sent:
        response.headers["Refresh"] = str(_RENEWED_AFTER_SECONDS)
    return response


def _sentence(error: ApiError, role: str | None) -> str:
    if error.status not in _REFUSALS:
        return _OURS[1]
    if scope := (error.details or {}).get("scope"):
        return refusal_of(str(scope).partition(" or ")[0], role)
    field, reason = ((error.details or {}).get(name) for name in ("field", "reason"))
    if field and reason:
        return about(str(field), str(reason))
    return sentence_of(error.message, beside=False)
