"""Templates of pay pages: whose a page is, in their own colour."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from starlette.responses import HTMLResponse

from api.pages.documents import Documents
from delivery.looks.accents import OURS
from delivery.looks.logos import logo_in

_COLOR: Final = re.compile(r"#[0-9a-fA-F]{6}")

_DOCUMENTS: Final = Documents("api.payment_links", style="pay.css", script="pay.js")


@dataclass(frozen=True)
class Shop:
    """Whose a page is, as far as anybody has said; the name is empty until somebody does."""

    name: str = ""
    logo: str = ""
    accent: str = OURS

    @classmethod
    def of(cls, organization: Mapping[str, Any], branding: Mapping[str, Any]) -> Self:
        """What a link says of its looks goes before what its organization says."""
        color = _matching(_COLOR, branding, "color") or _matching(_COLOR, organization, "color")
        logo = logo_in(branding)
        return cls(organization["name"] or "", logo, color or OURS)

    @property
    def called(self) -> str:
        """What stands for it in a sentence."""
        return self.name or "the shop"

    @property
    def initial(self) -> str:
        return self.name[:1].upper()


def page(
    template: str,
    *,
    shop: Shop | None = None,
    status: int = 200,
    is_test: bool = False,
    **values: Any,
) -> HTMLResponse:
    shop = shop or Shop()
    return _DOCUMENTS.show(
        template,
        status=status,
        accent=shop.accent,
        picture=shop.logo,
        shop=shop,
        is_test=is_test,
        **values,
    )


def _matching(shape: re.Pattern[str], said: Mapping[str, Any], name: str) -> str:
    """What a merchant may say about the page, when it is what it should be."""
    value = said.get(name)
    if isinstance(value, str) and shape.fullmatch(value):
        return value
    return ""
