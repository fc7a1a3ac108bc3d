"""The next page: where somebody goes on who has signed in, which is never outside the console."""

from typing import Final
from urllib.parse import unquote

from api.http.session_cookie import is_console

START: Final = "/console"

_SIGNING_IN: Final = ("/console/login", "/console/logout")
# As browsers read an address: what they take for a slash, and steps up.
_STEPS: Final = {".", ".."}


def next_page(asked: str | None) -> str:
    """The page that was asked for, if it is one of the console; else its start."""
    return asked if asked and _is_ours(asked) else START


def _is_ours(asked: str) -> bool:
    path = asked.partition("?")[0].partition("#")[0]
    return (
        asked.isascii()
        and asked.isprintable()
        and "\\" not in asked
        and is_console(path)
        and not path.startswith(_SIGNING_IN)
        and not _STEPS & {unquote(each) for each in path.split("/")}
    )
