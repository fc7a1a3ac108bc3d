"""Actions: what may be done with something in some of its states; each a form, and one command."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Action:
    """``of``: in which states it can; ``fields``: what its form asks."""

    title: str
    button: str
    text: str
    said: str
    of: tuple[str, ...]
    fields: tuple[str, ...] = ()
    tone: str = ""
