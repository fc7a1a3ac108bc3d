"""Failures: what a client is told about whatever left a route, and what the log is."""

from typing import Any, Final

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from api.http.errors import (
    ApiError,
    InvalidInput,
    RateLimited,
    Unavailable,
    from_refusal,
    server_error,
)
from domain.errors import NotFound, Refusal
from ledger.errors import LedgerUnavailable, StoreFull, StoreReplaced
from ledger.sampling import Sampling
from projections.engine.generations.generations import ViewsRebuilding
from projections.engine.querying.pages import BadArgument
from projections.engine.time_travel.budget import BudgetSpent
from projections.engine.time_travel.reader import PastFolding
from projections.engine.time_travel.stream_views import BookTooLarge
from projections.engine.turns import TooManyWaiting

_TURNS_TAKE_SECONDS: Final = 5
_LOOK_AGAIN_SECONDS: Final = 5
_UNAVAILABLE: Final = 503


def answer_to(error: Exception, *, behind: int = 0) -> ApiError:  # noqa: PLR0911 (one line for each kind)
    """What a client is told about any exception that left a route.

    What is not found in views that are so many facts ``behind`` may be in one of these.
    """
    match error:
        case NotFound() if behind:
            return _not_yet(error, behind)
        case ApiError():
            return error
        case Refusal():
            return from_refusal(error)
        case BadArgument():
            return InvalidInput(error.field, str(error))
        case BookTooLarge():
            details = {"limit": error.limit}
            return ApiError(400, "validation_error", "book_too_large", str(error), details)
        case TooManyWaiting():
            return RateLimited(_TURNS_TAKE_SECONDS, str(error))
        case BudgetSpent():
            return RateLimited(error.retry_after_seconds, str(error))
        case ViewsRebuilding() | PastFolding():
            return _being_folded(error)
        case LedgerUnavailable() | OperationalError() | PoolTimeoutError():
            return _without_its_store(error)
        case _:
            return server_error()


class FailureLog:
    """Faults of ours are logged whole; what cannot be done now in one line, now and then.

    Of each kind of it a line is said at once, and the next after ten seconds at the earliest, with
    how many there were since.
    """

    def __init__(self, log: Any) -> None:
        self._log = log
        self._sampling = Sampling()

    def note(self, error: Exception, answer: ApiError, request_id: str) -> None:
        if is_fault(answer):
            self._log.exception("request_failed", request_id=request_id)
        elif answer.status == _UNAVAILABLE:
            self._note_unavailable(error, answer.code, request_id)

    def _note_unavailable(self, error: Exception, code: str, request_id: str) -> None:
        requests = self._sampling.due(code)
        if requests:
            self._log.warning(
                "unavailable",
                code=code,
                reason=_reason(error),
                requests=requests,
                request_id=request_id,
            )


def is_fault(answer: ApiError) -> bool:
    """Whether somebody must look into it, beside whoever asked.

    What clients get wrong is none, nor what cannot be done at this moment.
    """
    return answer.status >= 500 and answer.status != _UNAVAILABLE  # noqa: PLR2004 (those of ours)


def _not_yet(missing: NotFound, behind: int) -> ApiError:
    return Unavailable(
        "views_behind",
        f"{missing.message} in the views, which do not show yet what was recorded last",
        behind=behind,
    )


def _without_its_store(error: Exception) -> ApiError:
    code, later = "ledger_unavailable", _LOOK_AGAIN_SECONDS
    if isinstance(error, StoreFull):
        said = "the disk of the ledger is full: nothing can be recorded until it has room"
        return Unavailable(code, said, retry_after_seconds=later, reason="disk_full")
    if isinstance(error, StoreReplaced):
        said = "the file of the ledger is not the one that was opened"
        return Unavailable(code, said, retry_after_seconds=later, reason="file_replaced")
    return Unavailable(code, "the ledger cannot be reached right now")


def _being_folded(error: ViewsRebuilding | PastFolding) -> ApiError:
    if isinstance(error, PastFolding):
        progress = round(error.progress, 4)
        return Unavailable("past_folding", str(error), retry_after_seconds=1, progress=progress)
    building = error.building
    return Unavailable(
        "views_rebuilding",
        str(error),
        retry_after_seconds=_LOOK_AGAIN_SECONDS,
        facts=building.facts if building else 0,
        total=building.total if building else None,
        progress=round(building.facts / building.total, 4) if building and building.total else 0,
    )


def _reason(error: Exception) -> str:
    """The first line alone: in the next a database may say what was stored."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return next(iter(str(cause).splitlines()), type(error).__name__)
