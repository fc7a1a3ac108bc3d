"""Devices: what somebody signs in with, as they would call it themselves, and no more than that."""

from collections.abc import Mapping
from typing import Final

# The first that fits: nearly every browser also says that it is one of the others.
_BROWSERS: Final = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser": "Samsung Internet",
    "Firefox/": "Firefox",
    "FxiOS/": "Firefox",
    "Chrome/": "Chrome",
    "CriOS/": "Chrome",
    "Safari/": "Safari",
}
_SYSTEMS: Final = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Mac OS X": "Mac",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}


def device_of(user_agent: str | None) -> str | None:
    """``Firefox on Linux``, say; None when nothing is known of it."""
    known = (_first(_BROWSERS, user_agent or ""), _first(_SYSTEMS, user_agent or ""))
    return " on ".join(filter(None, known)) or None


def _first(names: Mapping[str, str], user_agent: str) -> str | None:
    return next((name for sign, name in names.items() if sign in user_agent), None)
