"""Letters: the HTML of an email for a text, the text for an HTML, and the frame around both."""

import re
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any, Final

from markupsafe import Markup, escape

from delivery.looks.accents import OURS
from delivery.looks.markup import letter
from delivery.messages.values import BEGINS, ENDS

_TAG: Final = re.compile(
    r"<(?:!doctype|html|body|table|div|p|br|h[1-6]|a|b|strong|i|em|u|ul|ol|span|img|center|font|hr)"
    r"(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
_COLOR: Final = re.compile(r"#[0-9a-fA-F]{6}")
_ABOUT_US: Final = ("organization_name", "organization_color", "unsubscribe_url")
_WHOLE: Final = re.compile(r"<html[\s>]", re.IGNORECASE)
# A value is passed over, so that no link begins in it; one that goes on with a value has no blanks.
_LINK: Final = re.compile(
    rf"{BEGINS}[^{ENDS}]*{ENDS}|(https?://(?:[^\s<>\"{BEGINS}{ENDS}]|{BEGINS}[^\s{ENDS}]*{ENDS})+)"
)
_AFTER_A_LINK: Final = ".,;:!?)'"
_BLANK_LINES: Final = re.compile(r"\n\s*\n")
_MARKS: Final = str.maketrans("", "", BEGINS + ENDS)


def is_html(body: str) -> bool:
    return _TAG.search(body) is not None


def html_of(marked_text: str) -> str:
    """Paragraphs, lines and the links of a text in which values are marked."""
    linked = _linked(marked_text.strip())
    paragraphs = (each.strip().replace("\n", "<br>\n") for each in _BLANK_LINES.split(linked))
    return "\n".join(f"<p>{each}</p>" for each in paragraphs if each)


def text_of(html: str) -> str:
    """What an HTML says, for who reads no HTML: links with their addresses, lists with dashes."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.said).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


def framed(html: str, title: str, variables: Mapping[str, str]) -> str:
    """A whole document; one that is whole stays as it is."""
    if _WHOLE.search(html):
        return html
    named = {name: variables.get(name, "") for name in _ABOUT_US}
    color = named.pop("organization_color")
    accent = color if _COLOR.fullmatch(color) else OURS
    # Its values are escaped.
    content = Markup(html)  # noqa: S704
    return letter("letter.html", accent=accent, content=content, title=title, **named)


def _linked(text: str) -> str:
    parts, end = [], 0
    for found in _LINK.finditer(text):
        parts.append(_plain(text[end : found.start()]))
        parts.append(_anchor(found[1]) if found[1] else _plain(found[0]))
        end = found.end()
    return "".join((*parts, _plain(text[end:])))


def _anchor(found: str) -> str:
    address = found.translate(_MARKS)
    link = address.rstrip(_AFTER_A_LINK)
    return f'<a href="{escape(link)}">{escape(link)}</a>{escape(address[len(link) :])}'


def _plain(text: str) -> str:
    return str(escape(text.translate(_MARKS)))


class _Reader(HTMLParser):
    """Writes down what somebody who is read an HTML to would hear."""

    _UNSEEN: Final = frozenset({"head", "style", "script", "title", "template"})
    _BLOCKS: Final = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table"})
    _LINES: Final = frozenset({"div", "tr", "li", "br", "hr", "section", "footer", "header"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = []
        self._unseen = 0
        self._links: list[tuple[str, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in self._UNSEEN:
            self._unseen += 1
        self._begin_line(tag)
        said: dict[str, Any] = dict(attrs)
        if tag == "a":
            self._links.append((said.get("href") or "", len(self.said)))
        if tag == "img" and said.get("alt"):
            self.said.append(said["alt"])

    def handle_endtag(self, tag: str) -> None:
        if tag in self._UNSEEN:
            self._unseen = max(self._unseen - 1, 0)
        if tag == "a" and self._links:
            self._end_link(*self._links.pop())
        if tag in ("td", "th"):
            self.said.append("  ")
        if tag in self._BLOCKS:
            self.said.append("\n\n")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.said.append(re.sub(r"\s+", " ", data))

    def _begin_line(self, tag: str) -> None:
        if tag in self._BLOCKS:
            self.said.append("\n\n")
        elif tag in self._LINES:
            self.said.append("\n- " if tag == "li" else "\n")

    def _end_link(self, address: str, begun: int) -> None:
        words = "".join(self.said[begun:]).strip()
        if address.startswith(("http:", "https:")) and address != words:
            self.said.append(f" ({address})")
