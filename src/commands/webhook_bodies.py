"""Bodies of webhook commands: what may be said of an endpoint."""

from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field

from commands.event_names import EventNames
from commands.fields import ChangingCommand, Command, Metadata, Moment, Text, not_cleared
from commands.organizations import Name

_LONGEST_GRACE_HOURS: Final = 7 * 24

Url = Annotated[str, Field(max_length=2048)]
Position = Annotated[int, Field(strict=True, ge=0)]
Place = Position | Moment
# What is told first: what happens from now on, or what was recorded after a position, or since a
# moment.
Begin = Literal["now"] | Place


class SetWebhookConfig(Command):
    """What the endpoint ``default`` is to be; what is left out is as at first: all events."""

    url: Url
    events: EventNames = Field(default_factory=list)
    enabled: bool = True
    metadata: Metadata = Field(default_factory=dict)


class RegisterEndpoint(SetWebhookConfig):
    """Another endpoint, of a name of its own; without one it is called by its id."""

    name: Name | None = None
    begin: Begin = "now"


class UpdateEndpoint(ChangingCommand):
    """What is left out stays as it is; no events means all."""

    name: Annotated[Name | None, BeforeValidator(not_cleared)] = None
    url: Annotated[Url | None, BeforeValidator(not_cleared)] = None
    events: EventNames | None = None
    enabled: Annotated[bool | None, BeforeValidator(not_cleared)] = None
    metadata: Metadata | None = None


class PreviewFilter(Command):
    """What an endpoint would be told; no events means all."""

    events: EventNames = Field(default_factory=list)


class RotateSecret(Command):
    """For how long the secret before signs as well; 0: it leaked, and none of before does."""

    previous_for_hours: Annotated[int, Field(strict=True, ge=0, le=_LONGEST_GRACE_HOURS)] = 24


class ReplayWebhooks(Command):
    """Which endpoint (its id or name) is told again what was recorded from one place to another.

    A position is in it; a moment begins it, or ends it before what was recorded then.
    """

    endpoint: Text
    start: Place = Field(alias="from")
    until: Place | None = None
