"""Nonsense in every form of a page, and what the page says to it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urljoin

import httpx

# What nobody means, whatever is asked for: as a text, a number, a moment, an address, a name.
NONSENSE = ("", "%%%", "9" * 30, "x" * 3_000)
_WRITTEN = {"text", "number", "email", "url", "tel", "search", "datetime-local", "date", "color"}
_WITHOUT_END = {"input", "br", "img"}
# As the API calls what people are asked for in words.
# The name of an event, such as webhook_endpoint.failing, is what people type.
_OF_THE_API = re.compile(
    r"\b[a-z]+(?:_[a-z]+)+\b(?!\.\w)|\w\[\d+\]|\bconfig\."
    r"|(?:Input|String|List) should|RFC 3339",
    re.IGNORECASE,
)


@dataclass
class Form:
    """``fixed``: what it sends anyway; ``written``: what somebody writes into it."""

    action: str
    method: str
    fixed: dict[str, str]
    written: list[str]


class _Page(HTMLParser):
    """Forms in the content of a page, and what is said there in red."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.said: list[str] = []
        self._is_content = False
        self._select = ""
        self._red = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        self._is_content |= tag == "main"
        if not self._is_content:
            return
        if self._red or _is_red(said):
            self._red += tag not in _WITHOUT_END
        if tag == "form":
            method = said.get("method", "get")
            self.forms.append(Form(said.get("action", ""), method, {}, []))
        elif self.forms and said.get("name"):
            self._field(tag, said)
        elif tag == "option" and self._select and self.forms:
            fixed = self.forms[-1].fixed
            if self._select not in fixed or "selected" in said:
                fixed[self._select] = said.get("value", "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Parts of a drawing."""

    def _field(self, tag: str, said: dict[str, str]) -> None:
        form, name = self.forms[-1], said["name"]
        kind = said.get("type", "text")
        if tag == "textarea" or (tag == "input" and kind in _WRITTEN):
            form.written.append(name)
        elif tag == "select":
            self._select = name
        elif tag == "input" and kind == "hidden":
            form.fixed[name] = said.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        self._is_content &= tag != "main"
        self._red -= self._red > 0
        if tag == "select":
            self._select = ""

    def handle_data(self, data: str) -> None:
        if self._red and data.strip():
            self.said.append(data.strip())


def _is_red(said: dict[str, str]) -> bool:
    """What somebody is to mend, however else it looks."""
    looks = set(said.get("class", "").split())
    return (
        said.get("role") == "alert"
        or "problem" in looks
        or ("bad" in looks and not looks.isdisjoint({"notice", "empty"}))
    )


def read(html: str) -> _Page:
    page = _Page()
    page.feed(html)
    return page


def is_of_the_api(told: str) -> bool:
    return _OF_THE_API.search(told) is not None


def said_to_nonsense(browser: httpx.Client, address: str) -> Iterator[tuple[str, str, str]]:
    """Which form of a page says what to which nonsense, without that itself."""
    for form in read(browser.get(address).text).forms:
        for nonsense in NONSENSE if form.written else ():
            fields = form.fixed | dict.fromkeys(form.written, nonsense)
            answer = _sent(browser, urljoin(address, form.action), form.method, fields)
            assert answer.status_code < 500, (address, form, nonsense)
            for said in read(answer.text).said:
                told = said.replace(nonsense, "") if nonsense else said
                yield form.action, nonsense[:9], told


def _sent(
    browser: httpx.Client, action: str, method: str, fields: dict[str, str]
) -> httpx.Response:
    if method == "get":
        return browser.get(action, params={name: each for name, each in fields.items() if each})
    return browser.post(action, data=fields)
