"""Templates: the words of a message, with variables that are filled in when it is sent."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Final, Literal

from jinja2 import Template

from delivery.messages.letters import framed, html_of, is_html, text_of
from delivery.messages.segments import plainer
from delivery.messages.template_language import BadTemplate, environment, names_in
from delivery.messages.values import (
    for_html,
    for_notifications,
    for_text,
    marked,
)
from delivery.messages.variables import NOTED, written_name

__all__ = ["BadTemplate", "Compiled", "Kind", "Rendered", "compile_template"]

Kind = Literal["email", "sms", "notification"]

LONGEST_SUBJECT: Final = 255
LONGEST_BODY: Final = 100_000
_LONGEST_RENDERED: Final = 500_000


@dataclass(frozen=True)
class Rendered:
    """``subject`` and ``html`` of an email only; the text says the same as the HTML."""

    subject: str | None
    text: str
    html: str | None


class MessageTooLong(Exception):  # noqa: N818 (a refusal of one message, for good)
    def __init__(self) -> None:
        super().__init__(f"the message would be longer than {_LONGEST_RENDERED:,} characters")


@dataclass(frozen=True)
class Compiled:
    """A template that says nothing unknown; ``names``: its variables."""

    subject: str | None
    body: str
    kind: Kind
    names: frozenset[str]

    def render(self, variables: Mapping[str, str]) -> Rendered:
        """What it says with these variables; what a merchant has not noted is empty.

        Raises MessageTooLong.
        """
        # Whatever it says beside its own words is said with these: StrictUndefined sees to it.
        known = {name: "" for name in self.names if name.startswith(NOTED)} | {
            written_name(name): value for name, value in variables.items()
        }
        if self.kind == "notification":
            return Rendered(None, self._filled(self.body, for_notifications, known).strip(), None)
        if self.kind == "sms":
            text = self._filled(self.body, for_text, known).strip()
            return Rendered(None, plainer(text), None)
        subject = " ".join(self._filled(self.subject or "", for_text, known).split())
        text, html = self._twins(known)
        url = variables.get("unsubscribe_url")
        if url and url not in text:
            text += f"\nUnsubscribe: {url}\n"
        return Rendered(subject, text, framed(html, subject, variables))

    def _twins(self, known: Mapping[str, str]) -> tuple[str, str]:
        if self._is_html:
            html = self._filled(self.body, for_html, known)
            return text_of(html), html
        text = self._filled(self.body, for_text, known).strip() + "\n"
        return text, html_of(self._filled(self.body, marked, known))

    @cached_property
    def _is_html(self) -> bool:
        return is_html(self.body)

    def _filled(self, source: str, escape: Callable[[Any], str], known: Mapping[str, str]) -> str:
        parts, length = [], 0
        for part in _template(source, escape).generate(known):
            length += len(part)
            if length > _LONGEST_RENDERED:
                raise MessageTooLong
            parts.append(part)
        return "".join(parts)


# Read once, and then by every message that says it.
@lru_cache(maxsize=256)
def compile_template(subject: str | None, body: str, kind: Kind) -> Compiled:
    """Raises BadTemplate, which names unknown variables and the ones there are."""
    if kind == "email" and not (subject or "").strip():
        raise BadTemplate("an email has a subject", field="subject")
    if not body.strip():
        raise BadTemplate("a message says something", field="body")
    for source, longest, field in (
        (subject or "", LONGEST_SUBJECT, "subject"),
        (body, LONGEST_BODY, "body"),
    ):
        if len(source) > longest:
            raise BadTemplate(f"it is longer than {longest:,} characters", field=field)
    names = names_in(subject or "", field="subject") | names_in(body, field="body")
    return Compiled(subject if kind == "email" else None, body, kind, names)


@lru_cache(maxsize=256)
def _template(source: str, escape: Callable[[Any], str]) -> Template:
    return environment(escape).from_string(source)
