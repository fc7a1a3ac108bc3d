"""Tokens: the sizes, spaces, shapes and colours of the one look, as ``look.css`` names them."""

from importlib.resources import files
from typing import Final

LOOK: Final = (files("delivery.looks") / "look.css").read_text("utf-8")
