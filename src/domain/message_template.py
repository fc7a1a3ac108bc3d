"""A message template: the words of an email or a text message, with variables in them.

Its version is that of its stream, so a message that was sent can be written again as it was.
"""

from datetime import datetime
from typing import Literal, Self, TypedDict, cast

from eventsourcing.domain import event

from domain.errors import NotFound
from domain.fact import Entity, Fact, FirstFact

MESSAGE_TEMPLATE = "message_template"

TemplateType = Literal["email", "sms"]


class Words(TypedDict):
    """`subject`: of an email; null of a text message."""

    type: str
    name: str
    subject: str | None
    body: str


class TemplateNotFound(NotFound):
    code = "template_not_found"

    def __init__(self, template_id: str) -> None:
        super().__init__(f"no template {template_id}", template_id=template_id)


# These carry all of the words as they are from then on: a reader never merges.
class _Stated(Fact):
    type: str
    name: str
    subject: str | None
    body: str

    def apply(self, aggregate: "MessageTemplate") -> None:
        aggregate.words = Words(
            type=self.type, name=self.name, subject=self.subject, body=self.body
        )
        aggregate.updated_at = self.occurred_at


class MessageTemplate(Entity):
    TOPIC = "message_template"

    @classmethod
    def not_found(cls, stream: str) -> NotFound:
        return TemplateNotFound(stream)

    class Event(Fact):
        """What happened to a message template."""

        TOPIC = "message_template.event"

    class Created(_Stated, Event, FirstFact):
        """Messages may be written so from now on."""

        TOPIC = "message_template.created"

    class Changed(_Stated, Event):
        """Messages are written otherwise; the fact holds all of it."""

        TOPIC = "message_template.changed"

    class Removed(Event):
        """Nothing is written so any more."""

        TOPIC = "message_template.removed"

    @classmethod
    def create(cls, template_id: str, words: Words, *, now: datetime) -> Self:
        return cls._create(cls.Created, id=template_id, timestamp=now, occurred_at=now, **words)

    def __init__(self, occurred_at: datetime) -> None:
        self.words: Words
        self.removed = False
        self.created_at = occurred_at
        self.updated_at = occurred_at

    @property
    def type(self) -> TemplateType:
        return cast(TemplateType, self.words["type"])

    @property
    def name(self) -> str:
        return self.words["name"]

    @property
    def subject(self) -> str | None:
        return self.words["subject"]

    @property
    def body(self) -> str:
        return self.words["body"]

    @property
    def found_by(self) -> frozenset[tuple[str, str]]:
        return frozenset() if self.removed else frozenset({(MESSAGE_TEMPLATE, self.id)})

    def change(self, words: Words, now: datetime) -> None:
        """The same words record nothing."""
        self.must_be_there()
        if words != self.words:
            self._record(self.Changed, now, **words)

    def remove(self, now: datetime) -> None:
        self.must_be_there()
        self._record(self.Removed, now)

    def must_be_there(self) -> None:
        """Raises TemplateNotFound once it was removed."""
        if self.removed:
            raise TemplateNotFound(self.id)

    # What it says is taken over in `_Stated.apply`.

    @event(Removed)
    def _on_removed(self, occurred_at: datetime) -> None:
        self.removed = True
        self.updated_at = occurred_at
