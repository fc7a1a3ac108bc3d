"""Markup: templates of HTML: values are escaped, and what may be missing has a `default`."""

import json
from functools import cache
from typing import Any

from css_inline import CSSInliner
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from delivery.looks.tokens import LETTER, spelled_out


@cache
def templates_of(*packages: str) -> Environment:
    """What stands in ``templates`` of these packages, in that of the first which has it."""
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(each) for each in packages]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["tojson"] = _json
    return environment


def letter(template: str, *packages: str, accent: str, **values: Any) -> str:
    """A whole document, made of ``letter.html``, as mail is read; ``accent``: #rrggbb."""
    light, dark = spelled_out(LETTER, accent)
    # A file of ours, and a colour.
    styles = {"light": Markup(light), "dark": Markup(dark)}  # noqa: S704
    found = templates_of(*packages, "delivery.looks").get_template(template)
    return _inliner().inline(found.render(**styles, **values))


@cache
def _inliner() -> CSSInliner:
    """Many a reader of mail drops styles that do not stand where they count; none is fetched."""
    return CSSInliner(keep_style_tags=True, load_remote_stylesheets=False)


def _json(value: Any, indent: int | None = None) -> str:
    """Text like any other, escaped where it stands: jinja's own would end an attribute."""
    return json.dumps(value, ensure_ascii=False, indent=indent)
