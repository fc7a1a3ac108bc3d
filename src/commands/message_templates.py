"""Message template commands: write one, change it, remove it."""

from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from commands.fields import ChangingCommand, Command, Text
from commands.handling.unit_of_work import UnitOfWork
from domain.errors import Conflict
from domain.message_template import MESSAGE_TEMPLATE, MessageTemplate, Words

MOST_TEMPLATES: Final = 500

Body = Annotated[str, Field(min_length=1, max_length=100_000, pattern=r"^[^\x00]*$")]
Subject = Annotated[str, Field(max_length=255, pattern=r"^[^\x00\r\n]*$")]
Name = Annotated[Text, Field(min_length=1)]


class CreateTemplate(Command):
    """``subject``: of an email."""

    type: Literal["email", "sms"]
    name: Name
    subject: Subject | None = None
    body: Body

    @property
    def words(self) -> Words:
        return Words(type=self.type, name=self.name, subject=self.subject, body=self.body)


class UpdateTemplate(ChangingCommand):
    """Fields left out stay as they are; null clears the subject."""

    type: Literal["email", "sms"] | None = None
    name: Name | None = None
    subject: Subject | None = None
    body: Body | None = None

    def words(self, before: Words) -> Words:
        said = {name: getattr(self, name) for name in self.model_fields_set}
        given: dict[str, Any] = {
            name: value for name, value in said.items() if value is not None or name == "subject"
        }
        return {**before, **given}  # type: ignore[typeddict-item]


class TooManyTemplates(Conflict):
    code = "too_many_templates"

    def __init__(self) -> None:
        super().__init__(
            f"there are {MOST_TEMPLATES} templates: remove one of them first", limit=MOST_TEMPLATES
        )


async def create_template(work: UnitOfWork, command: CreateTemplate) -> MessageTemplate:
    if len(await work.owners(MESSAGE_TEMPLATE, "")) >= MOST_TEMPLATES:
        raise TooManyTemplates
    template = MessageTemplate.create(work.ids.new("tpl"), command.words, now=work.now)
    work.add(template)
    return template


async def update_template(
    work: UnitOfWork, template_id: str, command: UpdateTemplate
) -> MessageTemplate:
    template = await work.load_for_update(MessageTemplate, template_id)
    template.change(command.words(template.words), work.now)
    return template


async def remove_template(work: UnitOfWork, template_id: str) -> None:
    """Rules that name it send nothing with it any more, and say so."""
    template = await work.load_for_update(MessageTemplate, template_id)
    template.remove(work.now)


async def show_template(work: UnitOfWork, template_id: str) -> MessageTemplate:
    template = await work.load_recent(MessageTemplate, template_id)
    template.must_be_there()
    return template


async def list_templates(work: UnitOfWork) -> Sequence[MessageTemplate]:
    """Newest first."""
    owners = await work.owners(MESSAGE_TEMPLATE, "")
    return [await work.load_recent(MessageTemplate, stream) for _, stream in reversed(owners)]
