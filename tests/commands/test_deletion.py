"""An organization that is deleted is nobody's any more, also to those who remember it."""

import asyncio
import time

import pytest

from commands.api_keys import IssueKey
from commands.customers import CreateCustomer, create_customer
from commands.deletion import Contents, LiveBookInUse, contents, delete_organization
from commands.directory import Directory
from commands.handling.handler import Context, NobodyThere
from commands.imported_api_keys import import_key
from commands.link_views import LinkViews
from commands.payment_links import CreatePaymentLink, create_payment_link
from commands.payments import CreatePayment, create_payment
from domain.api_key import InvalidApiKey
from domain.organization import Organization, OrganizationNotFound

pytestmark = pytest.mark.anyio

PATIENCE_SECONDS = 60

AMA = CreateCustomer(external_id="usr_1", name="Ama")
PAYMENT = CreatePayment(amount=5000, currency="GHS", method="card", country="GH")


async def link(work):
    command = CreatePaymentLink(name="Summer Sale", amount=4000, currency="GHS")
    return await create_payment_link(work, command, prefills=False)


async def test_what_is_to_be_deleted_is_told(ledger, do, shop):
    await do(create_customer, AMA)
    await do(create_payment, PAYMENT)

    found = contents(ledger, shop.org_id)

    assert [(each.mode, each.customers, each.payments) for each in found] == [
        ("live", 0, 0),
        ("test", 1, 1),
    ]
    assert isinstance(found[0], Contents)


async def test_both_books_go_and_nothing_can_be_told_of_them(ledger, do, shop):
    await do(create_customer, AMA)

    delete_organization(ledger, shop.org_id)

    assert ledger.heads() == {}
    with pytest.raises(OrganizationNotFound):
        contents(ledger, shop.org_id)


@pytest.mark.parametrize(("command", "given"), [(create_customer, AMA), (create_payment, PAYMENT)])
async def test_a_live_book_in_use_keeps_the_test_book_too(ledger, do, shop, live, command, given):
    await do(command, given, book=live)
    before = ledger.heads()

    with pytest.raises(LiveBookInUse):
        contents(ledger, shop.org_id)
    with pytest.raises(LiveBookInUse, match="nothing was deleted"):
        delete_organization(ledger, shop.org_id)

    assert ledger.heads() == before


async def test_a_live_book_with_nothing_but_links_goes(ledger, do, shop, live):
    await do(link, book=live)

    delete_organization(ledger, shop.org_id)

    assert ledger.heads() == {}


async def test_one_that_was_interrupted_between_the_books_is_finished(ledger, shop, live):
    ledger.delete(live)

    [left] = contents(ledger, shop.org_id)
    delete_organization(ledger, shop.org_id)

    assert left.mode == "test"
    assert ledger.heads() == {}


async def test_the_book_of_an_imported_key_is_not_that_of_an_organization(handler, ledger, shop):
    command, context = IssueKey(name="from before"), Context()
    await import_key(handler, shop.org_id, f"sk_test_{'a' * 32}", command, context=context)
    [key] = {book.partition("/")[0] for book in ledger.heads()} - {shop.org_id}

    with pytest.raises(OrganizationNotFound):
        contents(ledger, key)


async def test_a_key_that_was_proved_is_not_known_any_more(handler, ledger, shop):
    directory = Directory(handler)
    await directory.principal(shop.keys["test"])

    delete_organization(ledger, shop.org_id)

    # What is remembered may be half a second old.
    with pytest.raises(InvalidApiKey):
        await asked_for_long(directory, shop.keys["test"])


async def asked_for_long(directory, key):
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        await directory.principal(key)
        await asyncio.sleep(0.02)


async def test_what_is_remembered_of_it_is_not_found(handler, do, ledger, shop, book):
    made = await do(link)

    delete_organization(ledger, shop.org_id)

    assert await handler.load_recent(type(made), book, made.id, by_now=True) is None
    assert await handler.load_recent(Organization, book, shop.org_id, by_now=True) is None


async def test_what_is_decided_from_memory_is_refused_and_brings_nothing_back(
    ask, do, ledger, shop, book
):
    made = await do(link)
    delete_organization(ledger, shop.org_id)

    async def close(work):
        (await work.load_for_update(type(made), made.id)).update({"name": "Winter"}, work.now)

    with pytest.raises(NobodyThere):
        await do(close)
    with pytest.raises(InvalidApiKey):
        await ask(create_payment, PAYMENT, key="once")
    assert (ledger.heads(), ledger.read(book, limit=9)) == ({}, [])


async def test_looks_at_its_links_that_are_summed_up_later_bring_nothing_back(
    ledger, do, shop, book, clock
):
    made = await do(link)
    views = LinkViews(ledger, clock=clock)
    await views.count(book, made.id)
    await views.count(book, made.id)
    delete_organization(ledger, shop.org_id)

    await views.count(book, made.id)
    views.record_all()

    assert (ledger.heads(), ledger.read(book, limit=9)) == ({}, [])
