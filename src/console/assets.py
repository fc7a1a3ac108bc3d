"""Assets: styles and scripts, called by what is in them, so that browsers keep them for ever."""

import gzip
import hashlib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import PurePath
from typing import Final, Self

from rcssmin import cssmin
from rjsmin import jsmin
from starlette.responses import Response

from delivery.looks.accents import OURS, style_of
from delivery.looks.tokens import LOOK

PLACE: Final = "/console/assets/"

_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
}
_DIGITS: Final = 12
_SCRIPT: Final = "console.js"
# What a script of ours is made of, each a file for whoever reads it.
_PARTS: Final = (_SCRIPT, "search.js", "live.js")


@dataclass(frozen=True)
class Asset:
    """``address`` names what is in it; ``small`` is the same as it is usually sent."""

    address: str
    media_type: str
    text: bytes
    small: bytes

    @classmethod
    def of(cls, name: str, text: bytes) -> Self:
        path, digest = PurePath(name), hashlib.sha256(text).hexdigest()[:_DIGITS]
        address = f"{PLACE}{path.stem}.{digest}{path.suffix}"
        return cls(address, _TYPES[path.suffix], text, gzip.compress(text, mtime=0))

    def answer(self, *, small: bool) -> Response:
        headers = {
            "Cache-Control": "public, max-age=31536000, immutable",
            "Vary": "Accept-Encoding",
        }
        if small:
            headers["Content-Encoding"] = "gzip"
        return Response(
            self.small if small else self.text, headers=headers, media_type=self.media_type
        )


class Assets:
    """Everything in ``assets``; the tokens of the one look stand before the style.

    Our own scripts are one file; they and the style are sent without what is for those who read
    them here.
    """

    def __init__(self) -> None:
        folder = files("console") / "assets"
        texts = {each.name: each.read_bytes() for each in folder.iterdir() if each.is_file()}
        style = (style_of(OURS) + LOOK).encode() + texts["console.css"]
        script = b"".join(texts.pop(name) for name in _PARTS)
        texts |= {
            "console.css": cssmin(style),
            _SCRIPT: jsmin(script),
        }
        self._named = {name: Asset.of(name, text) for name, text in texts.items()}
        self._found = {each.address: each for each in self._named.values()}

    def address(self, name: str) -> str:
        return self._named[name].address

    def find(self, address: str) -> Asset | None:
        return self._found.get(address)
