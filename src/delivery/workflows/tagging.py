"""Tagging: what a workflow says of a customer, as a command like any other."""

from pydantic import ValidationError

from commands.customers import UpdateCustomer, update_customer
from commands.fields import MOST_TAGS
from commands.handling.handler import CommandHandler, Context
from commands.handling.unit_of_work import UnitOfWork
from delivery.envelopes import event_id
from delivery.messages.results import SendResult
from delivery.workflows.doing import Do, Doing, Done, Skipped
from domain.customer import Customer
from domain.errors import Refusal


def tagging(handler: CommandHandler, *, adds: bool) -> Do:
    """Adds or takes away a tag; one that is there, or is not, stays as it is."""

    async def tag(doing: Doing) -> Done | Skipped:
        customer_id, name = doing.circumstances.customer_id, doing.action["config"]["tag"]
        if customer_id is None:
            return Skipped("nobody is known whom it is about")
        if doing.only_says:
            return Done(SendResult("sent", f"would {'add' if adds else 'remove'} {name}"))
        try:
            await handler.perform(
                doing.step.book,
                lambda work: _tag(work, customer_id, name, adds=adds),
                context=caused_by(doing),
            )
        except Refusal as refusal:
            return Skipped(refusal.message)
        except ValidationError:
            return Done(SendResult("failed", error=f"a customer has {MOST_TAGS} tags at most"))
        return Done(SendResult("sent", name))

    return tag


def caused_by(doing: Doing) -> Context:
    """Beside what a workflow records: which it was, and what it followed from."""
    stored = doing.occurrence.stored
    return Context(
        actor=f"workflow {doing.rule.id}", caused_by=event_id(stored.book, stored.position)
    )


async def _tag(work: UnitOfWork, customer_id: str, name: str, *, adds: bool) -> Customer:
    customer = await work.load_for_update(Customer, customer_id)
    others = [each for each in customer.tags if each != name]
    tags = customer.tags if adds and name in customer.tags else [*others, *([name] if adds else [])]
    return await update_customer(work, customer_id, UpdateCustomer(tags=tags))
