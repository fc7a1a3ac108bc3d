"""Results of what was sent over HTTP: by the status that was answered, or by why none was."""

from typing import Final

from delivery.http_client import HttpAnswer, SendingFailed
from delivery.messages.results import SendResult

# What is wrong with the message, and will be so the next time.
_FOR_GOOD: Final = frozenset({400, 406, 409, 413, 414, 415, 422})
_LONGEST_WAIT: Final = 24 * 3600

_REASONS: Final = {
    401: "it does not accept the key, the user name or the password",
    403: "it does not let this account do so",
    404: "there is nothing at this address",
    410: "what was there is gone for good",
    429: "it is asked too much",
}


def result_of(answer: HttpAnswer) -> SendResult:
    if answer.status // 100 == 2:  # noqa: PLR2004 (every status that says yes)
        return SendResult("sent", response=f"{answer.status} {answer.text}".strip())
    return SendResult(
        "failed" if answer.status in _FOR_GOOD else "later",
        response=f"{answer.status} {answer.text}".strip(),
        error=_reason(answer.status),
        retry_after=_retry_after(answer),
    )


def failure_of(failed: SendingFailed, *, repeatable: bool) -> SendResult:
    """``repeatable``: to send it twice does less harm than to send it never."""
    open_ = failed.connected
    return SendResult(
        "later" if repeatable or not open_ else "failed",
        error=failed.reason + (": it may have arrived" if open_ else ""),
        may_have_arrived=open_,
    )


def _reason(status: int) -> str:
    if 300 <= status < 400:  # noqa: PLR2004 (every redirect)
        return "it says that it is elsewhere: nothing is sent on to another address"
    usual = "it is in trouble itself" if status >= 500 else "it refuses the message"  # noqa: PLR2004
    return _REASONS.get(status, usual)


def _retry_after(answer: HttpAnswer) -> int | None:
    said = answer.headers.get("Retry-After", "")
    return min(int(said), _LONGEST_WAIT) if said.isascii() and said.isdigit() else None
