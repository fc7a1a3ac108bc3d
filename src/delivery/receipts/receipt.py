"""A receipt: who paid whom, how much, when, how and what for, as it was when they paid."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from domain.mobile_money import network_name

METHODS: Final = {
    "mobile_money": "Mobile money",
    "card": "Card",
    "bank_transfer": "Bank transfer",
    "ussd": "USSD",
}
_BY_NUMBER: Final = ("mobile_money", "ussd")


@dataclass(frozen=True)
class Receipt:
    """All of it as people read it. ``lines``: each value with what it is about.

    ``moment``: that of ``paid_at`` as programs read it (RFC 3339), by the clocks of the shop.
    ``logo``: the address of the shop's, for pages: a letter fetches nothing.
    ``refunds``: what was given back since, with when; a receipt only ever gets more of them.
    """

    number: str
    is_test: bool
    shop: str
    color: str
    amount: str
    paid_at: str
    moment: str
    lines: list[tuple[str, str]]
    logo: str = ""
    refunds: list[tuple[str, str]] = field(default_factory=list)

    @property
    def subject(self) -> str:
        shop = f" from {self.shop}" if self.shop else ""
        return f"Your receipt{shop} ({self.number})"


def covered(phone: str | None) -> str:
    """The end of a number: enough for who has it, and for nobody else."""
    return f"••••\N{NO-BREAK SPACE}{phone[-4:]}" if phone else ""


def lines_of(
    *,
    what_for: str | None,
    payer: Mapping[str, Any],
    method: str,
    network: str | None,
    questions: Iterable[Mapping[str, Any]],
    notes: Mapping[str, Any],
    reference: str | None,
) -> list[tuple[str, str]]:
    """Who paid how and what for; what nobody said is left out."""
    lines = [
        ("For", what_for),
        ("Paid by", "\n".join(filter(None, (payer.get("name"), payer.get("email"))))),
        ("Paid with", _paid_with(method, network=network, phone=payer.get("phone"))),
        *_answers(questions, notes),
        ("Reference", reference),
    ]
    return [(label, value) for label, value in lines if value]


def _paid_with(method: str, *, network: str | None, phone: str | None) -> str:
    """How somebody paid, and from where."""
    if method not in _BY_NUMBER:
        network = phone = None
    named = network and network_name(network)
    said = (METHODS.get(method, method), named, covered(phone))
    return "\N{NO-BREAK SPACE}· ".join(filter(None, said))


def _answers(
    questions: Iterable[Mapping[str, Any]], notes: Mapping[str, Any]
) -> list[tuple[str, str]]:
    """What a payer has answered to the questions of a page, each with its question."""
    said = [(question, notes.get(question["name"])) for question in questions]
    return [
        (question["label"], "Yes" if question["type"] == "checkbox" else str(answer))
        for question, answer in said
        if answer
    ]
