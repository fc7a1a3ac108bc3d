"""Unsubscribing: whoever is written to says that they want no more, with an address of their own.

Nothing is stored for it: the address is derived from whom it is for and the organization's seed,
and names the book, so that a call without a key reads one book only.
"""

import hmac
import re
from dataclasses import dataclass
from typing import Final, cast

from commands.consents import Channel, StateConsent, state_consent
from commands.handling.unit_of_work import UnitOfWork
from domain.book import Book
from domain.customer import Customer
from domain.errors import NotFound
from domain.organization import Organization, OrganizationNotFound

_REASON: Final = "unsubscribed"
_ID: Final = re.compile(r"cus_([0-9a-z]{26})")
_SHAPE: Final = re.compile(
    r"([0-9a-z]{26})\.(email|sms)\.([tl][0-9a-z]{26})\.([0-9a-f]{32})", re.ASCII
)


class NobodyToUnsubscribe(NotFound):
    code = "subscription_not_found"

    def __init__(self) -> None:
        super().__init__("nobody is written to by this address")


@dataclass(frozen=True)
class Unsubscribed:
    """Who writes to a customer, by which channel, and whether they still may."""

    organization: Organization
    channel: Channel
    may_be_written_to: bool


def token_of(organization: Organization, customer_id: str, channel: str) -> str | None:
    """What the address of a customer ends with; None for one that has no such address."""
    named = _ID.fullmatch(customer_id)
    if named is None or channel not in ("email", "sms"):
        return None
    book = Book(organization.id, organization.mode)
    return f"{named[1]}.{channel}.{book.short}.{_proof(organization, customer_id, channel)}"


def book_of(token: str) -> str:
    """The book a token says it is from; raises NobodyToUnsubscribe."""
    return str(Book.from_short(_read(token)[3]))


async def see_subscription(work: UnitOfWork, token: str) -> Unsubscribed:
    """Changes nothing: programs look at addresses before people do. Raises NobodyToUnsubscribe."""
    organization, customer, channel = await _named(work, token)
    return Unsubscribed(organization, channel, _may_be_written_to(customer, channel))


async def unsubscribe(work: UnitOfWork, token: str) -> Unsubscribed:
    """They are not written to by this channel any more; twice is once."""
    organization, customer, channel = await _named(work, token)
    if _may_be_written_to(customer, channel):
        command = StateConsent(channel=channel, given=False, reason=_REASON)
        await state_consent(work, customer.id, command)
    return Unsubscribed(organization, channel, may_be_written_to=False)


async def _named(work: UnitOfWork, token: str) -> tuple[Organization, Customer, Channel]:
    found = _read(token)
    customer_id, channel = f"cus_{found[1]}", cast(Channel, found[2])
    try:
        organization = await work.load_recent(Organization, work.org_id)
    except OrganizationNotFound:
        raise NobodyToUnsubscribe from None
    if not hmac.compare_digest(_proof(organization, customer_id, channel), found[4]):
        raise NobodyToUnsubscribe
    try:
        customer = await work.load_recent(Customer, customer_id)
    except NotFound:
        raise NobodyToUnsubscribe from None
    if customer.deleted:
        raise NobodyToUnsubscribe
    return organization, customer, channel


def _may_be_written_to(customer: Customer, channel: Channel) -> bool:
    said = customer.consents.get(channel)
    return said is None or said["given"]


def _read(token: str) -> re.Match[str]:
    found = _SHAPE.fullmatch(token)
    if found is None:
        raise NobodyToUnsubscribe
    return found


def _proof(organization: Organization, customer_id: str, channel: str) -> str:
    # No client secret is made of such a text: they are of ids alone.
    about = f"unsubscribe {customer_id} {channel}"
    seed = organization.client_secret_seed.encode()
    return hmac.new(seed, about.encode(), "sha256").hexdigest()[:32]
