"""Reads receipts from the ledger: from facts up to the one by which somebody had paid.

What the organization, its link or its customer is called by now changes no receipt. Two things
that happened since are on it: refunds, and that somebody is not to be known any more.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from delivery.looks.accents import OURS
from delivery.looks.logos import logo_in
from delivery.looks.readers import Reader, moment_shown, reader_in
from delivery.receipts.receipt import Receipt, lines_of
from domain.book import Book
from domain.customer import Customer
from domain.organization import UNNAMED, Organization
from domain.payer_details import PayerDetails
from domain.payment import Payment
from domain.payment_link import PaymentLink
from domain.payment_refusals import NotPaid, PaymentNotFound
from domain.receipt_number import receipt_number
from domain.time_zone import zone_of
from ledger.facts import FactMapper
from ledger.ledger import Ledger

_SETTINGS: Final = (Organization.Founded.TOPIC, Organization.SettingsChanged.TOPIC)
_TERMS: Final = (PaymentLink.Created.TOPIC, PaymentLink.Updated.TOPIC)
_PROFILE: Final = (Customer.Registered.TOPIC, Customer.Updated.TOPIC)


@dataclass(frozen=True)
class _Paid:
    """A payment as it was when it had been paid, and the position of the fact that says so."""

    payment: Payment
    position: int


class Receipts:
    """For any number of threads."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._mapper = FactMapper()

    def receipt(
        self,
        book: str,
        payment_id: str,
        *,
        with_payer: bool = True,
        reader: Reader | None = None,
    ) -> Receipt:
        """Without the payer for whoever may not know them. Raises PaymentNotFound, and NotPaid.

        ``reader``: who looks, where that is known; amounts are written as the shop's country does
        for everybody else.
        """
        paid, now = self._paid(book, payment_id)
        shop = self._last(book, Book.named(book).org_id, _SETTINGS, paid.position)
        terms = self._terms(book, paid)
        looks = terms.get("branding", {})
        reader = reader or reader_in(shop.get("country"))
        zone = shop.get("time_zone")
        paid_at = paid.payment.succeeded_at
        assert paid_at is not None  # noqa: S101 (it has been paid)
        return Receipt(
            number=receipt_number(payment_id),
            is_test=Book.named(book).mode == "test",
            shop=_stated(shop),
            color=looks.get("color") or shop.get("color") or OURS,
            amount=reader.money(paid.payment.captured_amount, now.currency),
            paid_at=moment_shown(paid_at.isoformat(), zone),
            moment=paid_at.astimezone(zone_of(zone or "UTC")).isoformat(timespec="seconds"),
            lines=self._lines(book, paid, now, terms, with_payer=with_payer),
            logo=logo_in(looks),
            refunds=_refunds(now, reader, zone),
        )

    def _paid(self, book: str, payment_id: str) -> tuple[_Paid, Payment]:
        now: Payment | None = None
        paid: _Paid | None = None
        for stored in self._ledger.read_stream(book, payment_id):
            fact = self._mapper.decode(stored)
            now = fact.mutate(now)
            if isinstance(fact, Payment.Succeeded) and now is not None:
                paid = _Paid(now.copy(), stored.position)
        if now is None or not isinstance(now, Payment):
            raise PaymentNotFound(payment_id)
        if paid is None:
            raise NotPaid(payment_id, now.status)
        return paid, now

    def _terms(self, book: str, paid: _Paid) -> Mapping[str, Any]:
        payment = paid.payment
        if payment.source != "payment_link" or payment.source_id is None:
            return {}
        found = self._last(book, payment.source_id, _TERMS, paid.position)
        terms: Mapping[str, Any] = found.get("terms", {})
        return terms

    def _lines(
        self,
        book: str,
        paid: _Paid,
        now: Payment,
        terms: Mapping[str, Any],
        *,
        with_payer: bool,
    ) -> list[tuple[str, str]]:
        payment = paid.payment
        said, network = self._payer(book, paid, now) if with_payer else ({}, None)
        return lines_of(
            what_for=payment.source_description or payment.description,
            payer=said,
            method=payment.method,
            network=network,
            questions=terms.get("custom_fields", ()),
            notes=payment.metadata,
            reference=payment.reference,
        )

    def _payer(self, book: str, paid: _Paid, now: Payment) -> tuple[Mapping[str, Any], str | None]:
        """What they said of themselves, else what was known of them; nothing once they are gone."""
        if now.customer_id and self._is_gone(book, now.customer_id):
            return {}, None
        details = self._ledger.read_stream(book, PayerDetails.id_for(now.id))
        if details:
            fact = self._mapper.decode(details[0])
            return vars(fact)["personal"], vars(fact)["network"]
        customer_id = paid.payment.customer_id
        if customer_id is None:
            return {}, None
        return self._last(book, customer_id, _PROFILE, paid.position).get("personal", {}), None

    def _is_gone(self, book: str, customer_id: str) -> bool:
        gone = (Customer.Deleted.TOPIC,)
        head = self._ledger.head(book)
        return self._ledger.last_of(book, customer_id, topics=gone, upto=head) is not None

    def _last(
        self, book: str, stream: str, topics: tuple[str, ...], position: int
    ) -> Mapping[str, Any]:
        """What the last of these facts says, which hold all there is to say."""
        found = self._ledger.last_of(book, stream, topics=topics, upto=position)
        return {} if found is None else vars(self._mapper.decode(found))


def _stated(shop: Mapping[str, Any]) -> str:
    name = shop.get("name") or ""
    return "" if name == UNNAMED else str(name)


def _refunds(payment: Payment, reader: Reader, zone: str | None) -> list[tuple[str, str]]:
    return [
        (
            moment_shown(refund["occurred_at"], zone),
            reader.money(refund["amount"], payment.currency),
        )
        for refund in payment.refunds
    ]
