"""The form of a page, as a browser would send it without anything being changed in it."""

import html
import re
from collections.abc import Iterator

_ATTRIBUTE = re.compile(r'([a-z-]+)(?:="([^"]*)")?')


def fields_of(page: str) -> dict[str, str]:
    """Of the first form in the content of a page."""
    content = page.partition("<main")[2]
    form = content.partition('<form class="form"')[2].partition("</form>")[0]
    return {name: html.unescape(value) for name, value in _said(form)}


def _said(form: str) -> Iterator[tuple[str, str]]:
    for found in re.findall(r"<input ([^>]*)>", form):
        named = dict(_ATTRIBUTE.findall(found))
        if named.get("type") != "checkbox" or "checked" in named:
            yield named["name"], named.get("value", "")
    for name, text in re.findall(
        r'<textarea [^>]*?name="([^"]*)"[^>]*>\n?(.*?)</textarea>', form, re.DOTALL
    ):
        yield name, text
    for name, inside in re.findall(
        r'<select [^>]*?name="([^"]*)"[^>]*>(.*?)</select>', form, re.DOTALL
    ):
        options = re.findall(r"<option([^>]*)>([^<]*)", inside)
        chosen = next((each for each in options if " selected" in each[0]), options[0])
        yield name, dict(_ATTRIBUTE.findall(chosen[0])).get("value", chosen[1])
