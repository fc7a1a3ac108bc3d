"""Words: what a run is at, what came of it, and the limits of the service, for people."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from jinja2.filters import do_filesizeformat

from console.writing import Writer

_MINUTE: Final = 60
_HOUR: Final = 3600
_DAY: Final = 86_400


def what_is_done(run: Mapping[str, Any]) -> str:
    """At this moment, as far as it shows."""
    if run["state"] == "waiting":
        return "It begins within seconds, as soon as a process that folds is free."
    begun, over = bool(run["progress"]), run["progress"] == 1
    if run["kind"] == "rebuild":
        return "The new set is about to serve." if over else "The facts are folded into a new set."
    if not begun:
        return "The facts are read, and whether any was touched."
    return "Every row is compared." if over else "Every row is worked out again from the facts."


def outcome_of(run: Mapping[str, Any], write: Writer) -> str:
    """In a few words; empty while it is under way."""
    report = run["report"] or {}
    if report.get("error"):
        return str(report["error"])
    if run["state"] != "done":
        return ""
    if run["kind"] == "rebuild":
        return f"Set {report['generation']} serves"
    if report["sound"]:
        rows = report["rows"]
        return "Sound" if rows is None else f"Sound: {write.count(rows)} rows"
    faults = len(report["faults"]) + report["more_faults"]
    return "1 fault" if faults == 1 else f"{write.count(faults)} faults"


def process_of(process: Mapping[str, Any], write: Writer) -> dict[str, Any]:
    """What it is called, where it runs, what it does, and how long ago it was seen."""
    kind, duties, state = process["kind"], process["duties"], process["state"]
    fails = state == "alive" and any(each["state"] == "failing" for each in duties)
    seconds = (write.now - datetime.fromisoformat(process["seen_at"])).total_seconds()
    return {
        **process,
        "name": _KINDS.get(kind, kind),
        "place": f"{process['pid']} on {process['host']}",
        "does": ", ".join(
            DOES.get(each["work"], each["work"]).lower() for each in duties
        ).capitalize(),
        "shown_state": "failing" if fails else state,
        "seen": f"{_longer(seconds)} ago",
    }


def how_far(run: Mapping[str, Any], write: Writer) -> Iterator[str]:
    """What is known of it: facts read, or their share; how long yet; since when."""
    if run["total"]:
        yield f"{write.count(run['facts'])} of {write.count(run['total'])} facts"
    elif run["progress"]:
        yield write.progress(run["progress"])
    if run["seconds_left"]:
        yield f"about {_longer(run['seconds_left'])} left"
    if run["began_at"]:
        yield f"since {write.clock(run['began_at'])}"


# What a newer release does beside this one is told by its name.
DOES: Final = {
    "serving": "Answers",
    "folding": "Folds",
    "billing": "Bills",
    "delivery": "Delivers",
}
_KINDS: Final = {
    "serve": "whence serve",
    "worker": "whence serve, a worker",
    "project": "whence project",
    "bill": "whence bill",
    "deliver": "whence deliver",
    "rebuild": "Rebuild",
    "verify": "Verification",
}


def _longer(seconds: float) -> str:
    if seconds < _MINUTE:
        return f"{max(round(seconds), 1)} s"
    return f"{seconds / _MINUTE:.0f} min" if seconds < _HOUR else f"{seconds / _HOUR:.0f} h"


def limits_of(limits: Mapping[str, Any], write: Writer) -> Iterator[tuple[str, str]]:
    """What each is called, and how much it is."""
    for name, label in _LABELS.items():
        value = limits[name]
        if value is None:
            yield label, "As many as come"
        elif name.endswith("_bytes"):
            yield label, do_filesizeformat(value, binary=True)
        elif name.endswith("_seconds"):
            yield label, _duration(value)
        else:
            said = str(value).replace("/", " a ") if isinstance(value, str) else write.count(value)
            yield label, said


_LABELS: Final = {
    "requests_of_a_key": "Requests of one key",
    "requests_of_strangers": "Requests of one address without a key",
    "body_bytes": "Largest body",
    "connections": "Clients connected at once",
    "query_wait_seconds": "A question waits for the views",
    "past_facts": "Largest book whose past is told, in facts",
    "past_facts_per_minute": "Facts of the past for one key in a minute",
    "past_memory_bytes": "Memory for the past",
    "api_keys_in_use": "API keys of one book",
    "sessions_of_one": "Sessions of one person or key",
    "session_idle_seconds": "A session ends unused after",
    "session_seconds": "A session ends in any case after",
}


def _duration(seconds: float) -> str:
    if seconds >= _DAY:
        return f"{seconds / _DAY:.0f} days"
    return f"{seconds / _HOUR:.0f} hours" if seconds >= _HOUR else f"{seconds:g} s"
