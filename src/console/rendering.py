"""Rendering: templates become answers, small ones, whose policy lets in files of ours alone."""

from typing import Any, Final

from starlette.responses import HTMLResponse, Response

from api.http.packing import packed
from console.parts import parts_of
from console.writing import Writer
from delivery.looks.markup import templates_of

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_LAYOUT: Final = "base.html"


def parts_in(name: str) -> frozenset[str]:
    """The blocks of a template that can be shown by themselves: not those that every page has."""
    templates = templates_of("console")
    layout = templates.get_template(_LAYOUT)
    return frozenset(templates.get_template(name).blocks) - frozenset(layout.blocks)


def rendered(
    name: str,
    writer: Writer,
    *,
    part: str | None = None,
    once: str = "",
    may_export: bool = True,
    **values: Any,
) -> str:
    """A whole template, or one of its blocks; ``ui`` is what pages are made of, as it writes."""
    templates = templates_of("console")
    template = templates.get_template(name)
    values["ui"] = parts_of(
        templates, writer, fragment=part or "", once=once, may_export=may_export
    )
    if part is None:
        return template.render(values)
    return "".join(template.blocks[part](template.new_context(values)))


def rendered_alone(name: str, **values: Any) -> str:
    """A template that is no page: nobody knows who looks."""
    return templates_of("console").get_template(name).render(values)


def document(html: str, status: int, *, small: bool, has_parts: bool = True) -> Response:
    """``small``: whoever asks takes gzip; ``has_parts``: a part that is asked for comes alone."""
    headers = {"Content-Security-Policy": _POLICY}
    if has_parts:
        headers["Vary"] = "HX-Request"
    return packed(HTMLResponse(html, status, headers), small=small)
