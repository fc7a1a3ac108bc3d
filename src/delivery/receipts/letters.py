"""Receipts as they are sent: an email of two bodies that say the same, and nothing of today."""

from typing import Any

from delivery.looks.markup import letter
from delivery.messages.templates import Rendered
from delivery.messages.values import for_text
from delivery.receipts.receipt import Receipt


def written(receipt: Receipt, *, copy: bool = False) -> Rendered:
    """``copy``: it was sent before; it says the same, and that it is a copy."""
    html = letter(
        "letter_receipt.html",
        "delivery.receipts",
        accent=receipt.color,
        title=receipt.subject,
        receipt=receipt,
        copy=copy,
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
    said = [f"{for_text(label)}: {_in_one_line(value)}" for label, value in lines if value]
    return "\n".join((title, "", *said, ""))


def _in_one_line(value: str) -> str:
    """Whatever somebody has called themselves begins no line."""
    return for_text(value.replace("\n", ", "))
