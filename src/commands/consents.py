"""Consent commands: whether a customer may be written to, and who may not."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from commands.fields import Command, Text
from commands.handling.unit_of_work import UnitOfWork
from domain.customer import SUPPRESSED, Consent, Customer

Channel = Literal["email", "sms"]


class StateConsent(Command):
    """``given``: false takes it back. ``reason``: how it is known, or why."""

    channel: Channel
    given: bool
    reason: Annotated[Text, Field(min_length=1, examples=["asked"])] = "asked"


@dataclass(frozen=True)
class Suppressed:
    """Somebody who is not to be written to by a channel."""

    customer_id: str
    channel: str
    consent: Consent


async def state_consent(work: UnitOfWork, customer_id: str, command: StateConsent) -> Customer:
    customer = await work.load_for_update(Customer, customer_id)
    change = customer.give_consent if command.given else customer.withdraw_consent
    change(command.channel, command.reason, work.now)
    return customer


async def customer_s_consents(work: UnitOfWork, customer_id: str) -> Customer:
    customer = await work.load_recent(Customer, customer_id)
    if customer.deleted:
        raise Customer.not_found(customer_id)
    return customer


async def list_suppressed(work: UnitOfWork, channel: Channel | None) -> Sequence[Suppressed]:
    """By channel and customer."""
    found = await work.owners(SUPPRESSED, f"{channel}\n" if channel else "")
    listed = []
    for value, stream in found:
        name = value.partition("\n")[0]
        customer = await work.load_recent(Customer, stream)
        if name in customer.consents:
            listed.append(Suppressed(stream, name, customer.consents[name]))
    return listed
