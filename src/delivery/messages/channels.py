"""Channels: a message, and through whom it leaves with which settings."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from delivery.messages.emails import Email
from delivery.messages.segments import segments_of


@dataclass(frozen=True)
class Sms:
    """``to`` in E.164 form. ``key`` names the message for ever."""

    to: str
    text: str
    key: str

    @property
    def segments(self) -> int:
        return segments_of(self.text)


@dataclass(frozen=True)
class Notification:
    """``text`` as Slack reads it."""

    text: str
    key: str


Message = Email | Sms | Notification


class Settings(BaseModel):
    """What nobody has described is refused: it would be believed to have an effect."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Price = Annotated[Decimal, Field(ge=0, le=1000, max_digits=12, decimal_places=6)]


class SmsSettings(Settings):
    """``price_per_segment`` in ``price_currency``, for what messages would cost."""

    price_per_segment: Price | None = None
    price_currency: str | None = Field(default=None, pattern=r"^[A-Z]{3}$")

    def cost_of(self, segments: int) -> Decimal | None:
        if self.price_per_segment is None:
            return None
        return self.price_per_segment * segments
