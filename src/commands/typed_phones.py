"""Typed phone numbers: read with the country that payer, link or organization states.

When two name the same person is said by `domain.contact`.
"""

from contextlib import suppress

from commands.handling.unit_of_work import UnitOfWork
from domain.contact import ImpossiblePhone, placed
from domain.errors import RuleBroken
from domain.organization import Organization, OrganizationNotFound
from domain.places import only_country


class PhoneNotPossible(RuleBroken):
    code = "validation_error"

    def __init__(self, reason: str) -> None:
        super().__init__(f"phone: {reason}", field="phone", reason=reason)


async def stated_country(
    work: UnitOfWork, said: str | None, *, of_link: str | None = None
) -> str | None:
    """Where a payer is: as they say, else as their link or the organization does."""
    if said or of_link:
        return said or of_link
    with suppress(OrganizationNotFound):
        return (await work.load_recent(Organization, work.org_id)).country
    return None


def read_phone(typed: str | None, country: str | None, currency: str) -> str | None:
    """A number in E.164 form, or as it was typed; raises PhoneNotPossible for what is none.

    ``country``: the stated one; without it, that of a currency no other country has.
    """
    if typed is None:
        return None
    try:
        return placed(typed, country or only_country(currency)).text
    except ImpossiblePhone as impossible:
        raise PhoneNotPossible(str(impossible)) from None


def in_e164(phone: str | None) -> str | None:
    """The number, if it can be told from where it is: what is kept as it was typed is nobody's."""
    return phone if phone is not None and phone.startswith("+") else None
