"""The form of a pay page: read as people write it, refused in words."""

from typing import Any, Final

from api.http.errors import from_refusal
from api.http.parsing import fingerprint
from api.payment_links.typed_amounts import minor_units
from commands.link_payments import PayThroughLink
from domain.money import shown
from domain.payment_link import AmountOutOfBounds

_CUSTOM: Final = "custom_"


def command_of(form: dict[str, Any], link: dict[str, Any]) -> PayThroughLink:
    """The payment that was asked for; raises InvalidInput and ValidationError."""
    answers = {
        name.removeprefix(_CUSTOM): value
        for name, value in form.items()
        if name.startswith(_CUSTOM)
    }
    body = {name: form.get(name) for name in ("email", "name", "phone", "country", "method")}
    amount = _amount(form, link) if link["allow_custom_amount"] else None
    return PayThroughLink(**body, amount=amount, custom_fields=answers)


def once(form: dict[str, Any]) -> str | None:
    """The same form sent twice is one payment; one that was corrected is another."""
    nonce = str(form.get("nonce") or "")
    return f"{nonce[:64]} {fingerprint(form)}" if nonce else None


def _amount(form: dict[str, Any], link: dict[str, Any]) -> int | None:
    """What the payer chose; raises InvalidInput for what is no amount, or may be two."""
    typed, suggested, currency = form.get("amount") or "", link["amount"], link["currency"]
    if suggested and typed == major(suggested, currency):
        return int(suggested)
    amount = minor_units(typed, currency, meant=form.get("meant") or "")
    if amount == 0:
        # A program's 0 stands for no amount (contract 1.0.6); a person's does not.
        raise from_refusal(AmountOutOfBounds(0, link["min_amount"] or 1, currency))
    return amount


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
