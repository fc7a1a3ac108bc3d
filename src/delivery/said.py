"""What others said, as it can be kept: neither JSON nor a table takes what is no text in it."""

from typing import Final

_LONGEST: Final = 2000


def kept(said: str) -> str:
    """Without halves of characters, which stand for bytes that are no text, and without NULs."""
    return said[:_LONGEST].encode("utf-8", "replace").decode().replace("\0", "")
