"""Integrations: one of each type is the usual one, and receipts begin once, whoever is first."""

import asyncio

import pytest

from commands.derived_claims import first_wrong_claim
from commands.integrations import (
    CreateIntegration,
    UpdateIntegration,
    create_integration,
    list_integrations,
    make_default_integration,
    remove_integration,
    update_integration,
)
from commands.workflow_rules import list_workflows, remove_workflow

pytestmark = pytest.mark.anyio
MAIL = CreateIntegration(type="email", provider="smtp", config={"host": "smtp.shop.example"})


async def test_of_two_who_add_the_first_integration_at_once_one_begins_receipts(
    do, neighbour, ledger, book
):
    await asyncio.gather(do(create_integration, MAIL), do(create_integration, MAIL, by=neighbour))

    integrations = await do(list_integrations)
    assert sorted(each.is_default for each in integrations) == [False, True]
    assert [each.name for each in await do(list_workflows)] == ["Receipts by email"]
    assert first_wrong_claim(ledger, book) is None


async def test_of_two_who_choose_the_usual_one_at_once_one_is_it(do, neighbour, ledger, book):
    usual = await do(create_integration, MAIL)
    others = [await do(create_integration, MAIL) for _ in range(2)]
    await do(remove_integration, usual.id)

    await asyncio.gather(
        do(make_default_integration, others[0].id),
        do(make_default_integration, others[1].id, by=neighbour),
    )

    integrations = await do(list_integrations)
    assert sorted(each.is_default for each in integrations) == [False, True]
    assert first_wrong_claim(ledger, book) is None


async def test_receipts_begin_with_an_integration_that_is_switched_on_later(do):
    idle = await do(create_integration, MAIL.model_copy(update={"status": "inactive"}))
    assert await do(list_workflows) == []

    await do(update_integration, idle.id, UpdateIntegration(status="active"))

    [receipts] = await do(list_workflows)
    assert receipts.name == "Receipts by email"


async def test_receipts_that_were_removed_do_not_come_again(do):
    integration = await do(create_integration, MAIL)
    [receipts] = await do(list_workflows)
    await do(remove_workflow, receipts.id)

    await do(update_integration, integration.id, UpdateIntegration(status="inactive"))
    await do(update_integration, integration.id, UpdateIntegration(status="active"))
    await do(create_integration, MAIL)

    assert await do(list_workflows) == []
