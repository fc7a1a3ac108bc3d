"""Looks at a pay page: which are somebody's, and which a robot's or a browser's own.

A robot is who says so: the previews of messengers, search engines, monitors, scanners, browsers
that a program drives (the list is that of ``crawler-user-agents``). A library that programs speak
HTTP with is none: somebody may look at the merchant's own page or app behind it.
"""

import re
from functools import cache, lru_cache
from typing import Final

from api.http.request_state import RequestState

_HTTP_LIBRARY: Final = "http-library"
# Previews that the list does not know (yet): of Bluesky, of Google Messages.
_MORE_ROBOTS: Final = ("Bluesky Cardyb", "LinkPreview")
_LONGEST_AGENT: Final = 512

# What a browser says of a page it fetches before anybody wants it; the first is the standard.
_FETCHED_AHEAD: Final = (b"sec-purpose", b"purpose", b"x-purpose", b"x-moz")
_AHEAD: Final = re.compile(r"prefetch|prerender|preview", re.IGNORECASE)


def is_somebody_s_look(request_state: RequestState) -> bool:
    """Whether a request for a page is a view of it."""
    ahead = " ".join(request_state.header(name) or "" for name in _FETCHED_AHEAD)
    agent = request_state.header(b"user-agent") or ""
    return not _AHEAD.search(ahead) and not is_robot(agent[:_LONGEST_AGENT])


@lru_cache(maxsize=4096)
def is_robot(agent: str) -> bool:
    return _robots().search(agent) is not None


@cache
def _robots() -> re.Pattern[str]:
    # Read with the first look, not whenever a command of the command line is started.
    from crawleruseragents import CRAWLER_USER_AGENTS_DATA  # noqa: PLC0415

    listed = [
        each["pattern"]
        for each in CRAWLER_USER_AGENTS_DATA
        if _HTTP_LIBRARY not in each.get("tags", ())
    ]
    return re.compile("|".join((*listed, *_MORE_ROBOTS)))
