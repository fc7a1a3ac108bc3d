"""A payment link: terms on which anybody who has its address may pay."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, NotRequired, Self, TypedDict

from eventsourcing.domain import event

from domain.errors import Gone, NotFound, RuleBroken
from domain.fact import Entity, Fact, FirstFact
from domain.moments import written
from domain.money import must_be_money, shown

LinkStatus = Literal["active", "inactive", "expired", "exhausted"]
FieldType = Literal["text", "number", "email", "phone", "date", "select", "checkbox"]


class CustomField(TypedDict):
    """A question to the payer; ``options`` are the answers of a ``select``."""

    name: str
    label: str
    type: str
    required: bool
    options: list[str]


class Terms(TypedDict):
    """What is offered, and on what conditions; ``expires_at`` as it stands in a fact: RFC 3339.

    ``prefills``: the page may show whom the link is for. Terms without it are older than it, and
    their pages did. ``country``: where its payers are; terms that are older than it name none.
    """

    name: str
    description: str | None
    reference: str | None
    currency: str
    amount: int | None
    allow_custom_amount: bool
    min_amount: int | None
    max_amount: int | None
    active: bool
    expires_at: str | None
    max_uses: int | None
    custom_fields: list[CustomField]
    redirect_url: str | None
    webhook_url: str | None
    branding: dict[str, Any]
    metadata: dict[str, Any]
    customer_id: str | None
    prefills: NotRequired[bool]
    country: NotRequired[str | None]


class PaymentLinkNotFound(NotFound):
    code = "payment_link_not_found"

    def __init__(self, link: str) -> None:
        super().__init__(f"no payment link {link}", payment_link=link)


class LinkClosed(Gone):
    """Nobody can pay through the link any more, or for now."""


class LinkInactive(LinkClosed):
    code = "payment_link_inactive"

    def __init__(self) -> None:
        super().__init__("this payment link is switched off", status="inactive")


class LinkExpired(LinkClosed):
    code = "payment_link_expired"

    def __init__(self, expires_at: str) -> None:
        super().__init__(
            f"this payment link expired at {expires_at}", status="expired", expires_at=expires_at
        )


class LinkExhausted(LinkClosed):
    code = "payment_link_exhausted"

    def __init__(self, max_uses: int) -> None:
        super().__init__(
            f"this payment link has been paid {max_uses} times, as often as it may be",
            status="exhausted",
            max_uses=max_uses,
        )


class AmountNotOffered(RuleBroken):
    code = "invalid_amount"


class FixedAmount(AmountNotOffered):
    def __init__(self, amount: int, currency: str) -> None:
        super().__init__(f"this link asks for {shown(amount, currency)}", field="amount")


class AmountMissing(AmountNotOffered):
    def __init__(self) -> None:
        super().__init__("this link lets the payer choose the amount: say which", field="amount")


class AmountOutOfBounds(AmountNotOffered):
    def __init__(self, amount: int, bound: int, currency: str) -> None:
        self.is_too_little = amount < bound
        least_or_most = "least" if self.is_too_little else "most"
        super().__init__(
            f"cannot pay {shown(amount, currency)}: "
            f"this link takes at {least_or_most} {shown(bound, currency)}",
            field="amount",
            bound=bound,
        )


class ContradictoryTerms(RuleBroken):
    code = "validation_error"


class ExpiredFromTheStart(ContradictoryTerms):
    def __init__(self, expires_at: str, now: datetime) -> None:
        super().__init__(
            f"a link that expires at {expires_at} has expired already: it is {written(now)}",
            field="expires_at",
        )


class CurrencyInUse(RuleBroken):
    def __init__(self, currency: str) -> None:
        super().__init__(
            f"the link has been paid in {currency}: make another for another currency",
            field="currency",
        )


class PaymentLink(Entity):
    TOPIC = "payment_link"

    @classmethod
    def not_found(cls, stream: str) -> NotFound:
        return PaymentLinkNotFound(stream)

    class Event(Fact):
        """What happened to a payment link."""

        TOPIC = "payment_link.event"

    # The first two carry all terms as they are from then on: a reader never merges.
    class Created(Event, FirstFact):
        """Terms were set out, under a code that is part of the link's address."""

        TOPIC = "payment_link.created"
        code: str
        terms: Terms

    class Updated(Event):
        """The terms changed; the fact holds all of them as they are from then on."""

        TOPIC = "payment_link.updated"
        terms: Terms

    class Used(Event):
        """A payment through the link succeeded; `uses` counts them, this one included."""

        TOPIC = "payment_link.used"
        payment_id: str
        uses: int

    # It needs no decision and no version: it stands in a stream of its own, beside the link's.
    class Viewed(Event):
        """The link's page was opened `count` times since the fact before, the last of them then."""

        TOPIC = "payment_link.viewed"
        class_version = 2
        link_id: str
        count: int

        @staticmethod
        def upcast_v1_v2(state: dict[str, Any]) -> None:
            """Before they were summed up, each was a fact of its own."""
            state["count"] = 1

    class Deleted(Event):
        """The link was taken down; what was paid through it stays."""

        TOPIC = "payment_link.deleted"

    @classmethod
    def create(cls, link_id: str, *, code: str, terms: Terms, now: datetime) -> Self:
        _must_agree(terms)
        _must_begin_open(terms, now)
        must_be_money(terms["currency"], now)
        return cls._create(
            cls.Created, id=link_id, timestamp=now, occurred_at=now, code=code, terms=terms
        )

    def __init__(self, code: str, terms: Terms, occurred_at: datetime) -> None:
        self.code = code
        self.terms = terms
        self.uses = 0
        self.created_at = occurred_at
        self.updated_at = occurred_at
        self.deleted = False

    @property
    def name(self) -> str:
        return self.terms["name"]

    @property
    def country(self) -> str | None:
        return self.terms.get("country")

    @property
    def shown_customer_id(self) -> str | None:
        """Whom the page may show the link is for: nobody, when its maker may not know them."""
        return self.terms["customer_id"] if self.terms.get("prefills", True) else None

    def status(self, now: datetime) -> LinkStatus:
        return status_of(self.terms, self.uses, now)

    def update(self, changes: Mapping[str, Any], now: datetime) -> None:
        """Changes the named terms; no change records nothing."""
        self.must_exist()
        terms = Terms(**{**self.terms, **changes})  # type: ignore[typeddict-item]
        if terms == self.terms:
            return
        if self.uses and terms["currency"] != self.terms["currency"]:
            raise CurrencyInUse(self.terms["currency"])
        _must_agree(terms)
        if terms["expires_at"] != self.terms["expires_at"]:
            _must_begin_open(terms, now)
        if terms["currency"] != self.terms["currency"]:
            must_be_money(terms["currency"], now)
        self._record(self.Updated, now, terms=terms)

    def count_use(self, payment_id: str, now: datetime) -> None:
        """A payment through the link succeeded: that is so, whatever the terms say by now."""
        self._record(self.Used, now, payment_id=payment_id, uses=self.uses + 1)

    def delete(self, now: datetime) -> None:
        self.must_exist()
        self._record(self.Deleted, now)

    def must_exist(self) -> None:
        if self.deleted:
            raise PaymentLinkNotFound(self.id)

    def must_be_open(self, now: datetime) -> None:
        """Refuses with a LinkClosed what nobody may begin to pay."""
        self.must_exist()
        match self.status(now):
            case "inactive":
                raise LinkInactive
            case "expired":
                raise LinkExpired(str(self.terms["expires_at"]))
            case "exhausted":
                self.must_have_uses_left()

    def must_have_uses_left(self) -> None:
        """Refuses what would be one payment too many."""
        if _is_used_up(self.terms, self.uses):
            raise LinkExhausted(self.terms["max_uses"] or 0)

    def price(self, offered: int | None) -> int:
        return price(self.terms, offered)

    @event(Updated)
    def _on_updated(self, terms: Terms, occurred_at: datetime) -> None:
        self.terms = terms
        self.updated_at = occurred_at

    @event(Used)
    def _on_used(self, uses: int) -> None:
        self.uses = uses

    @event(Deleted)
    def _on_deleted(self) -> None:
        self.deleted = True


def price(terms: Mapping[str, Any], offered: int | None) -> int:
    """What a payer pays who offers an amount, or none; refused with an AmountNotOffered."""
    fixed, currency = terms["amount"], terms["currency"]
    if not terms["allow_custom_amount"] and fixed is not None:
        if offered not in (None, fixed):
            raise FixedAmount(fixed, currency)
        return int(fixed)
    chosen = offered if offered is not None else fixed
    if chosen is None:
        raise AmountMissing
    least, most = terms["min_amount"] or 1, terms["max_amount"]
    if chosen < least:
        raise AmountOutOfBounds(chosen, least, currency)
    if most is not None and chosen > most:
        raise AmountOutOfBounds(chosen, most, currency)
    return int(chosen)


def status_of(terms: Terms, uses: int, now: datetime) -> LinkStatus:
    """What a link with these terms is, after so many successful payments, at this moment."""
    if not terms["active"]:
        return "inactive"
    if _is_over(terms, now):
        return "expired"
    return "exhausted" if _is_used_up(terms, uses) else "active"


def viewed(link_id: str, count: int, now: datetime) -> PaymentLink.Viewed:
    """The fact that a link's page was opened; its version is the ledger's to give."""
    told: dict[str, Any] = {
        "link_id": link_id,
        "count": count,
        "occurred_at": now,
        "timestamp": now,
    }
    return PaymentLink.Viewed(originator_id=f"{link_id}.views", originator_version=1, **told)


def _is_over(terms: Terms, now: datetime) -> bool:
    expires_at = terms["expires_at"]
    return expires_at is not None and datetime.fromisoformat(expires_at) <= now


def _is_used_up(terms: Terms, uses: int) -> bool:
    return terms["max_uses"] is not None and uses >= terms["max_uses"]


def _must_begin_open(terms: Terms, now: datetime) -> None:
    if _is_over(terms, now):
        raise ExpiredFromTheStart(str(terms["expires_at"]), now)


def _must_agree(terms: Terms) -> None:
    fixed, least, most = terms["amount"], terms["min_amount"], terms["max_amount"]
    if fixed is None and not terms["allow_custom_amount"]:
        raise ContradictoryTerms("a link has an amount, or lets the payer choose", field="amount")
    if not terms["allow_custom_amount"] and (least is not None or most is not None):
        raise ContradictoryTerms(
            "min_amount and max_amount are for links that let the payer choose",
            field="allow_custom_amount",
        )
    if least is not None and most is not None and least > most:
        raise ContradictoryTerms("min_amount is above max_amount", field="min_amount")
    if fixed is not None and (fixed < (least or 1) or (most is not None and fixed > most)):
        raise ContradictoryTerms("amount is not between min_amount and max_amount", field="amount")
