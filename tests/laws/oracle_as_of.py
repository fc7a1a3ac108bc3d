"""Oracle as of a moment: its cards as they would have read, had everything since been known."""

from dataclasses import replace
from datetime import datetime

from oracle import Bill, Bought, Membership, Offer, Oracle, Person


def as_of(oracle: Oracle, moment: datetime) -> Oracle:
    past = Oracle()
    past.people = {
        person.id: _person(person, moment)
        for person in oracle.people.values()
        if person.created_at <= moment
    }
    past.payments = [_payment(payment, moment) for payment in oracle.payments]
    past.offers = [
        _offer(offer, moment)
        for offer in oracle.offers
        if offer.created_at is not None and offer.created_at <= moment
    ]
    cards = {payment.id: payment for payment in past.payments}
    past.memberships = [
        _membership(member, cards, moment)
        for member in oracle.memberships
        if member.began <= moment
    ]
    return past


def _person(person: Person, moment: datetime) -> Person:
    names = [name for at, name in person.names if at <= moment]
    return replace(
        person, name=names[-1] if names else None, deleted=_is_past(person.deleted_at, moment)
    )


def _payment(payment: Bought, moment: datetime) -> Bought:
    """What had happened of it: it may have been paid, and not been created yet."""
    became = [(at, status) for at, status in payment.became if at <= moment]
    is_theirs = payment.attached_at is None or payment.attached_at <= moment
    return replace(
        payment,
        is_created=payment.created_at <= moment,
        customer=payment.customer if is_theirs else None,
        status=became[-1][1] if became else "pending",
        became=became,
        paid_at=payment.paid_at if _is_past(payment.paid_at, moment) else None,
        used_at=payment.used_at if _is_past(payment.used_at, moment) else None,
        refunds=[money for money in payment.refunds if money.at <= moment],
        losses=[money for money in payment.losses if money.at <= moment],
    )


def _offer(offer: Offer, moment: datetime) -> Offer:
    _, name, active, max_uses = [terms for terms in offer.terms if terms[0] <= moment][-1]
    return replace(
        offer,
        name=name,
        active=active,
        max_uses=max_uses,
        views=sum(at <= moment for at in offer.looks),
        deleted=_is_past(offer.deleted_at, moment),
    )


def _membership(member: Membership, cards: dict[str, Bought], moment: datetime) -> Membership:
    _, status, amount, next_at, ends_at = [each for each in member.became if each[0] <= moment][-1]
    past = replace(member, status=status, amount=amount, next_at=next_at, ends_at=ends_at, bills=[])
    past.bills = [
        _bill(billed, past, cards[billed.payment.id], moment)
        for billed in member.bills
        if billed.payment.created_at <= moment
    ]
    return past


def _bill(billed: Bill, member: Membership, payment: Bought, moment: datetime) -> Bill:
    _, status, retries, retry_at = [each for each in billed.became if each[0] <= moment][-1]
    return replace(
        billed, member=member, payment=payment, status=status, retries=retries, retry_at=retry_at
    )


def _is_past(at: datetime | None, moment: datetime) -> bool:
    return at is not None and at <= moment


def moments_of(oracle: Oracle) -> list[datetime]:
    """When anything happened, in order."""
    found = {person.created_at for person in oracle.people.values()}
    for payment in oracle.payments:
        found |= {payment.created_at, *(at for at, _ in payment.became)}
    for offer in oracle.offers:
        found |= {*offer.looks, *(at for at, *_ in offer.terms)}
    for member in oracle.memberships:
        found |= {at for at, *_ in member.became}
        found |= {at for billed in member.bills for at, *_ in billed.became}
    return sorted(found)
