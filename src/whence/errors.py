"""Command line errors: a sentence, and an exit code."""

import traceback
from pathlib import Path

_SOURCES = Path(__file__).parents[1]


class Unsuccessful(Exception):  # noqa: N818 (an answer to the operator, not a fault)
    """It could not be done; the message is the sentence to show."""

    exit_code = 1


class WrongSetting(Unsuccessful):
    """A setting that cannot be used."""

    exit_code = 2


class AddressTaken(Unsuccessful):
    """Something else listens there already, or nobody can."""


def kind_and_place(fault: BaseException) -> str:
    """What kind of fault happened in which of our lines, and nothing it says itself.

    What a library says of a value it cannot take may hold the value, and that may be personal.
    """
    frames = traceback.extract_tb(fault.__traceback__)
    ours = [frame for frame in frames if _SOURCES in Path(frame.filename).parents]
    lines = [f"{Path(each.filename).relative_to(_SOURCES)}:{each.lineno}" for each in ours]
    return " ".join([type(fault).__name__, *(f"in {line}" for line in lines[-1:])])
