"""Templates of pay pages, with a style that is part of the page, and no script."""

import hashlib
import re
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

_OUR_ACCENT: Final = "#0b6b63"
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_PICTURE = re.compile(r"https://[^\s\"'<>;,]+")

# `default`: what is left out of a custom field is empty, whatever else is missing is a mistake.
_pages = Environment(
    loader=PackageLoader("api.payment_links"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
)


def page(
    template: str,
    *,
    status: int = 200,
    branding: Mapping[str, Any] | None = None,
    organization: Mapping[str, Any] | None = None,
    **values: Any,
) -> HTMLResponse:
    """A page in the merchant's colours; its policy lets in its own style and its logo only.

    What a link says of its colour goes before what its organization says.
    """
    brand, merchant = branding or {}, organization or {}
    color = _matching(_COLOR, brand, "color") or _matching(_COLOR, merchant, "color")
    style = _pages.get_template("pay.css").render(accent=color or _OUR_ACCENT)
    html = _pages.get_template(template).render(
        style=style,
        logo=_matching(_PICTURE, brand, "logo_url"),
        merchant=merchant.get("name", ""),
        **values,
    )
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src https:; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    )
    return HTMLResponse(html, status, headers={"Content-Security-Policy": policy})


def _matching(shape: re.Pattern[str], brand: Mapping[str, Any], name: str) -> str:
    """What a merchant may say about the page, when it is what it should be."""
    value = brand.get(name)
    if isinstance(value, str) and shape.fullmatch(value):
        return value
    return ""
