"""The form of a pay page: read as people write it, refused in words."""

import re
from decimal import Decimal
from typing import Any, Final

from api.http.errors import InvalidInput, from_refusal
from api.http.parsing import fingerprint
from commands.link_payments import PayThroughLink
from domain.money import decimals, shown
from domain.payment_link import AmountOutOfBounds

_CUSTOM: Final = "custom_"
# Commas part thousands and nothing else: in "12,50" it would be anybody's guess.
_TYPED: Final = re.compile(r"([0-9]{1,13}|[0-9]{1,3}(,[0-9]{3}){1,4})(\.[0-9]{1,4})?")


def command_of(form: dict[str, Any], link: dict[str, Any]) -> PayThroughLink:
    """The payment that was asked for; raises InvalidInput and ValidationError."""
    answers = {
        name.removeprefix(_CUSTOM): value
        for name, value in form.items()
        if name.startswith(_CUSTOM)
    }
    body = {name: form.get(name) for name in ("email", "name", "phone", "country", "method")}
    amount = None
    if link["allow_custom_amount"]:
        amount = _minor(str(form.get("amount") or ""), link["currency"])
        if amount == 0:
            # A program's 0 stands for no amount (contract 1.0.6); a person's does not.
            raise from_refusal(AmountOutOfBounds(0, link["min_amount"] or 1, link["currency"]))
    return PayThroughLink(**body, amount=amount, custom_fields=answers)


def once(form: dict[str, Any]) -> str | None:
    """The same form sent twice is one payment; one that was corrected is another."""
    nonce = str(form.get("nonce") or "")
    return f"{nonce[:64]} {fingerprint(form)}" if nonce else None


def _minor(text: str, currency: str) -> int | None:
    """What somebody typed as an amount, in minor units; raises InvalidInput."""
    plain = text.strip().replace(" ", "")
    if not plain:
        return None
    # What is long or written with an exponent is no amount, and would take for ever to work out.
    if _TYPED.fullmatch(plain):
        amount = Decimal(plain.replace(",", "")).scaleb(decimals(currency))
        if amount == amount.to_integral_value():
            return int(amount)
    raise InvalidInput("amount", f"is not an amount in {currency}", "invalid_amount")


def major(amount: int, currency: str) -> str:
    """An amount as it stands in a field: no currency, no commas."""
    return shown(amount, currency).partition(" ")[0].replace(",", "")


def bounds_of(link: dict[str, Any]) -> str:
    """What may be paid, in words; empty where anything may."""
    least, most, currency = link["min_amount"], link["max_amount"], link["currency"]
    words = []
    if least is not None:
        words.append(f"from {shown(least, currency)}")
    if most is not None:
        words.append(f"up to {shown(most, currency)}")
    return " ".join(words)
