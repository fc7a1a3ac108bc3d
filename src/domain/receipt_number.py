"""Receipt numbers: what is drawn by chance of a payment's id, as people read it out and type it."""

import re
from typing import Final

_GROUP: Final = 4
_LENGTH: Final = 12
# The alphabet of ids has no I, L, O and U; what is heard or read as one of them is a figure.
_MEANT: Final = str.maketrans("ilo", "110", "- ")
_OF_AN_ID: Final = re.compile(rf"[0-9a-hjkmnp-tv-z]{{{_LENGTH}}}")


def receipt_number(payment_id: str) -> str:
    """ZN1S-FXW2-SQX7."""
    drawn = payment_id[-_LENGTH:].upper()
    return "-".join(drawn[start : start + _GROUP] for start in range(0, _LENGTH, _GROUP))


def end_of_id(typed: str) -> str | None:
    """What the id of the payment ends with, however its number is written; None if it is none."""
    plain = typed.lower().translate(_MEANT)
    return plain if _OF_AN_ID.fullmatch(plain) else None
