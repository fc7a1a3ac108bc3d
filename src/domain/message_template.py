"""A message template: the words of an email or a text message, with variables in them.

Its version is that of its stream, so a message that was sent can be written again as it was.
"""

from datetime import datetime
from typing import Literal, Self, TypedDict, cast, get_args

from eventsourcing.domain import event

from domain.errors import NotFound
from domain.fact import Entity, Fact, FirstFact

MESSAGE_TEMPLATE = "message_template"

TemplateType = Literal["email", "sms"]
TEMPLATE_TYPES: tuple[TemplateType, ...] = get_args(TemplateType)


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


class MessageTemplate(Entity):
    TOPIC = "message_template"

    @classmethod
    def not_found(cls, stream: str) -> NotFound:
        return TemplateNotFound(stream)

    class Event(Fact):
        """What happened to a message template."""

        TOPIC = "message_template.event"

    class Created(Event, FirstFact):
        """Messages may be written so from now on."""

        TOPIC = "message_template.created"
        type: str
        name: str
        subject: str | None
        body: str

    class Changed(Event):
        """Messages are written otherwise; the fact holds all of it."""

        TOPIC = "message_template.changed"
        type: str
        name: str
        subject: str | None
        body: str

    class Removed(Event):
        """Nothing is written so any more."""

        TOPIC = "message_template.removed"

    @classmethod
    def create(cls, template_id: str, words: Words, *, now: datetime) -> Self:
        return cls._create(cls.Created, id=template_id, timestamp=now, occurred_at=now, **words)

    def __init__(
        self,
        type: str,  # noqa: A002 (as the wire calls it)
        name: str,
        subject: str | None,
        body: str,
        occurred_at: datetime,
    ) -> None:
        self.words = Words(type=type, name=name, subject=subject, body=body)
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

    @event(Changed)
    def _on_changed(
        self,
        type: str,  # noqa: A002 (as the wire calls it)
        name: str,
        subject: str | None,
        body: str,
        occurred_at: datetime,
    ) -> None:
        self.words = Words(type=type, name=name, subject=subject, body=body)
        self.updated_at = occurred_at

    @event(Removed)
    def _on_removed(self, occurred_at: datetime) -> None:
        self.removed = True
        self.updated_at = occurred_at
