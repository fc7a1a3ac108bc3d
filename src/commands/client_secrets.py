"""Client secrets: with one, a browser shows that it may confirm one payment.

Nothing is stored: the secret is derived from the payment id and the organization's seed, and it
names the book, so that a call without a key reads one book only.
"""

import hmac
import re
from typing import Final

from commands.handling.unit_of_work import UnitOfWork
from domain.book import Book
from domain.errors import Unauthorized
from domain.organization import Organization, OrganizationNotFound
from domain.payment import Payment

_SHAPE: Final = re.compile(r"(?:pay|cs)_[0-9a-z]{26}_secret_([tl][0-9a-z]{26})_[0-9a-f]{32}")


class InvalidClientSecret(Unauthorized):
    code = "invalid_client_secret"

    def __init__(self) -> None:
        super().__init__("this client secret does not belong to the payment")


def client_secret(organization: Organization, payment_id: str) -> str:
    """The secret of a payment, or, by its id, of a checkout session."""
    book = Book(organization.id, organization.mode)
    # Not hmac.digest: that lets go of the interpreter lock, and waits for it, on every payment.
    proof = hmac.new(organization.client_secret_seed.encode(), payment_id.encode(), "sha256")
    return f"{payment_id}_secret_{book.short}_{proof.hexdigest()[:32]}"


def book_of(secret: str) -> str:
    """The book a client secret says it is from; raises InvalidClientSecret."""
    match = _SHAPE.fullmatch(secret)
    if match is None:
        raise InvalidClientSecret
    return str(Book.from_short(match[1]))


async def see_payment(work: UnitOfWork, secret: str) -> Payment:
    """The payment whose secret it is; raises InvalidClientSecret."""
    payment_id = secret.partition("_secret_")[0]
    await check_client_secret(work, payment_id, secret)
    return await work.load_recent(Payment, payment_id)


async def check_client_secret(work: UnitOfWork, payment_id: str, secret: str) -> None:
    """Raises InvalidClientSecret; takes the same time however much of the secret is right."""
    try:
        organization = await work.load_recent(Organization, work.org_id)
    except OrganizationNotFound:
        raise InvalidClientSecret from None
    right = client_secret(organization, payment_id)
    if not hmac.compare_digest(right.encode(), secret.encode()):
        raise InvalidClientSecret
