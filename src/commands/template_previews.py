"""Bodies that ask how a message would read."""

from typing import Literal

from commands.fields import Command, Text
from commands.message_templates import Body, Subject


class PreviewTemplate(Command):
    """``event_id``: the fact to write it with; left out: the latest payment that succeeded."""

    event_id: Text | None = None


class PreviewWords(PreviewTemplate):
    """Words that are no template yet."""

    type: Literal["email", "sms"]
    subject: Subject | None = None
    body: Body
