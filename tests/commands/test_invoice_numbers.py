"""Invoice numbers: 1, 2, 3 … in each book, whoever bills, however many at once."""

import asyncio

import pytest
from merchant import ORG, ManualClock, Merchant

from commands.billing import up_to_date
from commands.invoices import UpdateInvoice, update_invoice
from commands.organizations import UpdateOrganization, update_organization
from domain.errors import RuleBroken
from domain.invoice import Invoice
from domain.organization import Organization

pytestmark = pytest.mark.anyio


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def merchant(ledger, clock):
    merchant = Merchant(ledger, clock, f"{ORG}/test")
    yield merchant
    merchant.handler.close()


def numbers(merchant):
    return [invoice.written_number for invoice in merchant.all(Invoice)]


async def test_every_invoice_has_the_next_number_and_keeps_it(merchant):
    for _ in range(2):
        await merchant.subscribe(amount=4001)

    changed = UpdateInvoice(metadata={"order": "1"})
    told = await merchant.do(update_invoice, merchant.invoice.id, changed)

    assert numbers(merchant) == ["INV-000001", "INV-000002"]
    assert told.written_number == "INV-000002"


async def test_however_many_bill_at_once_there_is_no_gap_and_no_number_twice(
    merchant, ledger, clock
):
    for number in range(20):
        await merchant.subscribe(customer_id=f"usr_{number}")
    clock.on(2027, 6, 15)
    other = Merchant(ledger, clock, merchant.book)

    await asyncio.gather(
        merchant.bill(),
        other.bill(),
        *(merchant.subscribe(customer_id=f"new_{number}") for number in range(20)),
    )

    other.handler.close()
    taken = [invoice.number for invoice in merchant.all(Invoice)]
    assert taken == list(range(1, 20 * 5 + 20 + 1))


async def test_what_is_refused_in_the_end_takes_none(merchant):
    subscription_id = await merchant.subscribe()
    merchant.clock.on(2027, 6, 15)

    async def bill_and_think_better_of_it(work):
        await up_to_date(work, subscription_id)
        raise RuleBroken("not today")

    with pytest.raises(RuleBroken):
        await merchant.do(bill_and_think_better_of_it)
    await merchant.bill()

    assert [invoice.number for invoice in merchant.all(Invoice)] == [1, 2, 3, 4, 5]


async def test_periods_billed_in_one_append_are_numbered_in_their_order(merchant):
    subscription_id = await merchant.subscribe()
    merchant.clock.on(2027, 6, 15)

    await merchant.do(up_to_date, subscription_id)

    assert [(each.period, each.number) for each in merchant.all(Invoice)] == [
        (number, number) for number in range(1, 6)
    ]


async def test_each_mode_counts_by_itself(merchant, ledger, clock):
    await merchant.subscribe()
    live = Merchant(ledger, clock, f"{ORG}/live")

    await live.subscribe()

    live.handler.close()
    assert numbers(merchant) == numbers(live) == ["INV-000001"]


async def test_a_prefix_is_for_the_invoices_to_come(merchant):
    async def found(work):
        work.add(
            Organization.found(
                work.org_id, name="Shop", mode=work.mode, client_secret_seed="s", now=work.now
            )
        )

    await merchant.do(found)
    await merchant.subscribe()
    await merchant.do(update_organization, UpdateOrganization(invoice_prefix="KS/27-"))
    await merchant.subscribe()
    await merchant.do(update_organization, UpdateOrganization(invoice_prefix=None))
    await merchant.subscribe()

    assert numbers(merchant) == ["INV-000001", "KS/27-000002", "INV-000003"]
