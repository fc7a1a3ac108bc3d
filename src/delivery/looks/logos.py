"""Logos: the picture of a shop, where it has one that a page may show."""

import re
from collections.abc import Mapping
from typing import Any, Final

_PICTURE: Final = re.compile(r"https://[^\s\"'<>;,]+")


def logo_in(branding: Mapping[str, Any]) -> str:
    """Its address; empty for none, and for what was imported and is none."""
    said = branding.get("logo_url")
    return said if isinstance(said, str) and _PICTURE.fullmatch(said) else ""
