"""Documents: HTML answers, whose policy lets in their own style and script and nothing else."""

import hashlib
from base64 import b64encode
from functools import cached_property
from importlib.resources import files
from typing import Any

from markupsafe import Markup
from starlette.responses import HTMLResponse

from delivery.looks.accents import style_of
from delivery.looks.markup import templates_of
from delivery.looks.tokens import LOOK


class Documents:
    """The pages of one package: templates in ``templates``, a style, maybe a script in ``assets``.

    Both stand in the page itself: it is whole with one answer, wherever a proxy has put it. The
    tokens of the one look come before the style, and ``look`` between them. ``parts`` is a package
    whose templates pages are made of as well.
    """

    def __init__(
        self,
        package: str,
        *,
        style: str,
        script: str = "",
        look: str = "",
        parts: str = "api.pages",
    ) -> None:
        self._package = package
        self._look = look
        self._parts = parts
        self._style_name = style
        self._script_name = script

    def show(
        self,
        template: str,
        *,
        status: int = 200,
        accent: str,
        picture: str = "",
        connects: bool = False,
        **values: Any,
    ) -> HTMLResponse:
        """``accent``: #rrggbb; ``picture``: the address of one that the page shows, if it does.

        ``connects``: whether its script asks the service how things stand.
        """
        style = style_of(accent) + self._style
        templates = templates_of(self._package, self._parts, "api.pages")
        html = templates.get_template(template).render(
            style=Markup(style),  # noqa: S704 (files of ours, and a colour)
            script=Markup(self._script),  # noqa: S704 (a file of ours)
            picture=picture,
            **values,
        )
        policy = [
            "default-src 'none'",
            f"style-src '{_digest(style)}'",
            *([f"script-src '{_digest(self._script)}'"] if self._script else []),
            *(["img-src https:"] if picture else []),
            *(["connect-src 'self'"] if connects else []),
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ]
        return HTMLResponse(html, status, headers={"Content-Security-Policy": "; ".join(policy)})

    @cached_property
    def _style(self) -> str:
        return LOOK + self._look + _asset(self._package, self._style_name)

    @cached_property
    def _script(self) -> str:
        return _asset(self._package, self._script_name) if self._script_name else ""


def _asset(package: str, name: str) -> str:
    return (files(package) / "assets" / name).read_text("utf-8")


def _digest(text: str) -> str:
    return "sha256-" + b64encode(hashlib.sha256(text.encode()).digest()).decode()
