"""States: the word for each status of the API, and whether it is good, waiting, bad or neither."""

from typing import Final, Literal

Tone = Literal["good", "waiting", "bad", "over"]

_TONES: Final[dict[Tone, tuple[str, ...]]] = {
    "good": (
        *("succeeded", "active", "paid", "won", "completed", "success", "ready", "serving", "ok"),
        *("working", "done", "alive"),
        *("delivered", "sent", "published"),
    ),
    "waiting": (
        *("pending", "processing", "requires_action", "authorized", "partially_captured"),
        *("partially_refunded", "disputed", "paused", "due", "open", "manual_review"),
        *("delivering", "running", "retrying", "rebuilding", "building", "queued"),
        "waiting",
    ),
    "bad": (
        *("failed", "lost", "error", "not ready", "parked", "bounced", "unreachable", "replaced"),
        *("failing", "late", "interrupted", "silent"),
    ),
    "over": (),
}
_TONE_OF: Final = {status: tone for tone, all_of_it in _TONES.items() for status in all_of_it}


def tone_of(status: str) -> Tone:
    """What a status nobody listed means is neither good nor bad: it is over, or not begun."""
    return _TONE_OF.get(status, "over")


def word_of(status: str) -> str:
    """The API's own, as people write it: Partially refunded."""
    return status.replace("_", " ").capitalize()
