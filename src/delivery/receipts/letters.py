"""Receipts as they are sent: an email of two bodies that say the same, and nothing of today."""

from functools import cache
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from delivery.looks.tokens import LETTER, spelled_out
from delivery.messages.templates import Rendered
from delivery.receipts.receipt import Receipt


def written(receipt: Receipt, *, copy: bool = False) -> Rendered:
    """``copy``: it was sent before; it says the same, and that it is a copy."""
    light, dark = spelled_out(LETTER, receipt.color)
    html = (
        _templates()
        .get_template("letter_receipt.html")
        .render(
            title=receipt.subject,
            light=Markup(light),  # noqa: S704 (a file of ours, and a colour)
            dark=Markup(dark),  # noqa: S704
            receipt=receipt,
            copy=copy,
        )
    )
    return Rendered(receipt.subject, as_text(receipt, copy=copy), html)


def as_text(receipt: Receipt, *, copy: bool = False) -> str:
    marks = [
        mark for mark, said in (("copy", copy), ("test: no money moved", receipt.is_test)) if said
    ]
    title = f"Receipt {receipt.number}" + (f" ({', '.join(marks)})" if marks else "")
    lines: list[tuple[str, Any]] = [
        ("Paid", receipt.amount),
        ("On", receipt.paid_at),
        ("To", receipt.shop),
        *receipt.lines,
        *((f"Refunded {at}", amount) for at, amount in receipt.refunds),
    ]
    said = [f"{label}: {value.replace(chr(10), ', ')}" for label, value in lines if value]
    return "\n".join((title, "", *said, ""))


@cache
def _templates() -> Environment:
    return Environment(
        loader=ChoiceLoader(
            [PackageLoader("delivery.receipts"), PackageLoader("delivery.messages", "frames")]
        ),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
