"""Customer commands: register, change, delete, and find by another name."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from commands.collection import stop_charging
from commands.fields import (
    ChangingCommand,
    Command,
    Email,
    ExternalId,
    Metadata,
    Phone,
    Tags,
    Text,
)
from commands.handling.unit_of_work import UnitOfWork
from domain.contact import e164_of, identifying, mailbox
from domain.customer import Customer, CustomerNotFound, ExternalIdTaken
from domain.text import seen, tidied

# Claims: `external_id`, as it is seen, belongs to one customer; `email`, as a mailbox, and `phone`
# are ways to find customers, shared and never contended (the value ends with the id); `payer` keeps
# two simultaneous first payments of one mailbox or number from making two customers; `namesake` is
# of those with an external id that another had first, from when more of them were told apart.
EXTERNAL_ID, EMAIL, PHONE, PAYER = "external_id", "email", "phone", "payer"
NAMESAKE = "namesake"

Name = tuple[str, str]


class CreateCustomer(Command):
    """Everything is optional: an empty body registers an anonymous customer."""

    external_id: ExternalId | None = None
    email: Email | None = None
    phone: Phone | None = None
    name: Text | None = None
    tags: Tags | None = None
    metadata: Metadata | None = None


class PutCustomer(ChangingCommand):
    """Fields left out stay as they are; null clears."""

    email: Email | None = None
    phone: Phone | None = None
    name: Text | None = None
    tags: Tags | None = None
    metadata: Metadata | None = None

    @property
    def changes(self) -> dict[str, Any]:
        return {field: getattr(self, field) for field in self.model_fields_set}


class UpdateCustomer(PutCustomer):
    external_id: ExternalId | None = None


@dataclass(frozen=True)
class Put:
    customer: Customer
    created: bool


class NothingKnownBy(CustomerNotFound):
    """The customer was asked for by the business's own id."""

    def __init__(self, external_id: str) -> None:
        super(CustomerNotFound, self).__init__(
            f"no customer with external_id {external_id}", external_id=external_id
        )


async def create_customer(work: UnitOfWork, command: CreateCustomer) -> Customer:
    """Refused with ExternalIdTaken, naming the owner, when the external id is another's."""
    customer = Customer.register(
        work.ids.new("cus"), **command.model_dump(exclude_none=True), now=work.now
    )
    work.add(customer)
    rename(work, customer, before=set())
    return customer


async def update_customer(work: UnitOfWork, customer_id: str, command: PutCustomer) -> Customer:
    customer = await work.load_for_update(Customer, customer_id)
    before = names(customer)
    customer.update(command.changes, work.now)
    rename(work, customer, before)
    await _hand_on(work, customer, before - names(customer))
    return customer


async def put_customer(work: UnitOfWork, external_id: str, command: PutCustomer) -> Put:
    """Creates the customer of that external id, or updates whoever has it already."""
    customer_id = await customer_called(work, external_id)
    if customer_id is not None:
        return Put(await update_customer(work, customer_id, command), created=False)
    given = {field: value for field, value in command.changes.items() if value is not None}
    customer = register(work, external_id=external_id, **given)
    return Put(customer, created=True)


async def reveal_customer(work: UnitOfWork, customer_id: str, user_id: str) -> Customer:
    """Records who asked to see somebody, and shows them."""
    customer = await work.load_for_update(Customer, customer_id)
    customer.reveal(user_id, work.now)
    return customer


async def take_customer_data(work: UnitOfWork, customer_id: str, asked_by: str) -> str:
    """Records who takes all that is kept of somebody, also of somebody deleted; their id."""
    customer = await work.load_for_update(Customer, customer_id)
    customer.take_data(asked_by, work.now)
    return customer.id


async def delete_customer(work: UnitOfWork, customer_id: str) -> None:
    """Payments and totals stay, subscriptions end; the external id is free again."""
    customer = await work.load_for_update(Customer, customer_id)
    before = names(customer)
    customer.delete(work.now)
    rename(work, customer, before)
    await _hand_on(work, customer, before)
    await stop_charging(work, customer)


async def customer_known_as(work: UnitOfWork, external_id: str) -> str:
    """The customer id behind the business's own id."""
    customer_id = await customer_called(work, external_id)
    if customer_id is None:
        raise NothingKnownBy(external_id)
    return customer_id


async def customer_called(work: UnitOfWork, external_id: str) -> str | None:
    """The customer id behind the business's own id, however it is written; None for nobody's."""
    return await work.owner(EXTERNAL_ID, seen(external_id))


async def first_alive(work: UnitOfWork, kind: str, address: str | None) -> Customer | None:
    """Of those who have the address or number, the one who was registered first.

    A number that is not valid identifies nobody, whoever has it.
    """
    if address is None:
        return None
    key = mailbox(address) if kind == EMAIL else identifying(address)
    if key is None:
        return None
    for _, customer_id in await work.owners(kind, f"{key}\n"):
        customer = await work.load_guarded(Customer, customer_id)
        if not customer.deleted:
            return customer
    return None


def register(work: UnitOfWork, *, payer: Iterable[str] = (), **profile: Any) -> Customer:
    """A new customer for somebody who was looked for and not found.

    Should another command register them first, the decision is run again and finds them.
    ``payer``: the e-mail address and the phone number they were looked for by.
    """
    if profile.get("external_id"):
        profile["external_id"] = tidied(profile["external_id"])
    customer = Customer.register(work.ids.new("cus"), **profile, now=work.now)
    work.add(customer)
    for kind, value in sorted(names(customer)):
        work.claim(kind, value, customer.id)
    for address in payer:
        work.claim(PAYER, mailbox(address), customer.id)
    return customer


def rename(work: UnitOfWork, customer: Customer, before: set[Name]) -> None:
    """Claims the names a customer has from now on, and gives up those it no longer has."""
    after = names(customer)
    for kind, value in sorted(before - after):
        work.release(kind, value, customer.id)
        if kind in (EMAIL, PHONE):
            work.release(PAYER, value.partition("\n")[0], customer.id)
    for kind, value in sorted(after - before):
        called = customer.external_id if kind == EXTERNAL_ID else None
        taken = partial(ExternalIdTaken, called) if called else None
        work.claim(kind, value, customer.id, taken)


async def _hand_on(work: UnitOfWork, customer: Customer, given_up: set[Name]) -> None:
    """An external id that is given up goes to the first who has had it all the time as well."""
    for kind, value in given_up:
        if kind != EXTERNAL_ID:
            continue
        work.release(NAMESAKE, f"{value}\n{customer.id}", customer.id)
        if await work.owner(kind, value) != customer.id:
            continue
        for waiting, customer_id in await work.owners(NAMESAKE, f"{value}\n"):
            await work.load_guarded(Customer, customer_id)
            work.release(NAMESAKE, waiting, customer_id)
            work.claim(kind, value, customer_id)
            break


def names(customer: Customer) -> set[Name]:
    """What a customer can be found by."""
    if customer.deleted:
        return set()
    email, phone = customer.personal["email"], customer.personal["phone"]
    found: set[Name] = set()
    if customer.external_id and seen(customer.external_id):
        found.add((EXTERNAL_ID, seen(customer.external_id)))
    if email:
        found.add((EMAIL, f"{mailbox(email)}\n{customer.id}"))
    if phone:
        found.add((PHONE, f"{e164_of(phone)}\n{customer.id}"))
    return found
