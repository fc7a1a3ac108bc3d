"""Payment link steps: links of a simulated shop are set out, looked at, paid, changed, deleted."""

import asyncio
from typing import TYPE_CHECKING

from oracle import Bought, Offer, Person

from commands.link_payments import PayThroughLink, open_payment_link, pay_through_link
from commands.link_views import LinkViews
from commands.payment_links import (
    CreatePaymentLink,
    UpdatePaymentLink,
    create_payment_link,
    delete_payment_link,
    update_payment_link,
)
from domain.payment import Payment

if TYPE_CHECKING:
    from simulated_shop import SimulatedShop, Step


async def set_out(shop: "SimulatedShop", each: "Step") -> None:
    command = CreatePaymentLink(name=f"Sale {len(shop.oracle.offers)}", **each.values)
    made = await shop.do(lambda work: create_payment_link(work, command, prefills=True))
    offer = Offer(made.id, command.name, **each.values, created_at=shop.clock.now)
    offer.terms.append((shop.clock.now, offer.name, offer.active, offer.max_uses))
    shop.oracle.offers.append(offer)


async def look(shop: "SimulatedShop", each: "Step") -> None:
    if offer := _offer(shop, each):
        allowed = shop.oracle.status(offer) == "active"
        await shop.expect(allowed, lambda work: open_payment_link(work, offer.id))
        if allowed:
            # The first is recorded as it happens, the others together.
            views = LinkViews(shop.ledger, clock=shop.clock)
            for _ in range(1 + each.which % 3):
                await views.count(shop.book, offer.id)
                offer.views += 1
                offer.looks.append(shop.clock.now)
            await asyncio.to_thread(views.record_all)


async def pay(shop: "SimulatedShop", each: "Step") -> None:
    if not (offer := _offer(shop, each)):
        return
    email, oracle = each.values["email"], shop.oracle
    command = PayThroughLink(email=email)
    allowed = oracle.status(offer) == "active"
    made = await shop.expect(allowed, lambda work: pay_through_link(work, offer.id, command))
    if not allowed:
        return
    assert made.customer_id is None
    oracle.payments.append(
        Bought(
            made.id,
            offer.amount,
            offer.currency,
            "card",
            "payment_link",
            offer.id,
            offer.name,
            created_at=shop.clock.now,
            said=email,
        )
    )


async def believe(shop: "SimulatedShop", card: Bought) -> None:
    """Whoever has paid is who they said they are: somebody known, or somebody new."""
    if card.said is None:
        return
    people = shop.oracle.people
    known = [p for p in people.values() if p.email == card.said and not p.deleted]
    if card.customer is not None:
        # The merchant has said meanwhile whose it is.
        theirs = people[card.customer]
        if not known and not theirs.deleted and theirs.email is None:
            theirs.email = card.said
        return
    paid = await shop.handler.load_recent(Payment, shop.book, card.id, by_now=True)
    if known:
        assert paid.customer_id == known[0].id
    else:
        assert paid.customer_id not in people
        people[paid.customer_id] = Person(paid.customer_id, shop.clock.now, email=card.said)
    card.customer, card.attached_at = paid.customer_id, shop.clock.now


async def change(shop: "SimulatedShop", each: "Step") -> None:
    if offer := _offer(shop, each):
        command = UpdatePaymentLink(**each.values)
        await shop.expect(
            not offer.deleted,
            lambda work: update_payment_link(work, offer.id, command, prefills=True),
        )
        if not offer.deleted:
            offer.name, offer.active = each.values["name"], each.values["active"]
            offer.max_uses = each.values["max_uses"]
            offer.terms.append((shop.clock.now, offer.name, offer.active, offer.max_uses))


async def take_down(shop: "SimulatedShop", each: "Step") -> None:
    if offer := _offer(shop, each):
        await shop.expect(not offer.deleted, lambda work: delete_payment_link(work, offer.id))
        offer.deleted = True
        offer.deleted_at = offer.deleted_at or shop.clock.now


def _offer(shop: "SimulatedShop", each: "Step") -> Offer | None:
    offers = shop.oracle.offers
    return offers[-1 - each.which % len(offers)] if offers else None
