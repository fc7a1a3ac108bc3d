"""QR code of an address: SVG without a style in it, or PNG, to be shown, printed and saved."""

import io
from typing import Final

import segno
from markupsafe import Markup

# What a fold or a coffee cup covers may be up to a seventh.
_CORRECTION: Final = "m"
_QUIET_ZONE: Final = 4
# Of each square of a picture.
_PIXELS: Final = 24


def qr_code(address: str) -> Markup:
    """As large as the room it is given; black on white, for cameras, whichever the theme."""
    return Markup(_drawn(address, is_file=False))  # noqa: S704 (made here, of squares)


def qr_file(address: str) -> bytes:
    return _drawn(address, is_file=True).encode()


def qr_picture(address: str) -> bytes:
    """As PNG, large enough to be printed on a sheet: messengers and word processors take it."""
    out = io.BytesIO()
    segno.make(address, error=_CORRECTION, micro=False).save(
        out, kind="png", border=_QUIET_ZONE, scale=_PIXELS
    )
    return out.getvalue()


def _drawn(address: str, *, is_file: bool) -> str:
    out = io.BytesIO()
    segno.make(address, error=_CORRECTION, micro=False).save(
        out,
        kind="svg",
        border=_QUIET_ZONE,
        dark="#000",
        light="#fff",
        xmldecl=is_file,
        svgns=is_file,
        omitsize=True,
        svgclass=None if is_file else "qr",
        lineclass=None,
        nl=False,
    )
    return out.getvalue().decode()
