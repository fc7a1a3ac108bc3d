"""Forms of workflows: a rule as fields that people fill in, and back."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from api.http.errors import InvalidInput
from api.payment_links.typed_amounts import minor_units
from console.fields import Fields
from console.forms import number_in, pairs_as_text, pairs_in, words_as_text, words_in
from domain.money import decimals, has_decimals

AMOUNTS: Final = ("min_amount", "max_amount", "min_lifetime_value")
LISTS: Final = (
    *("currencies", "countries", "methods", "sources", "source_ids", "customer_ids"),
    *("customer_tags", "customer_tags_all", "customer_tags_none"),
)
_LIFETIME: Final = "min_lifetime_value"
# The currency that stands beside it.
_BESIDE: Final = "lifetime_currency"
_PAIRS: Final = ("metadata_match", "customer_metadata_match")
_WORDS: Final = ("to", "subject", "body", "url", "tag")
# What the form shows of an action: what else was typed is of another that was chosen before.
_NEEDED: Final[Mapping[str, frozenset[str]]] = {
    "send_email": frozenset({"template_id", "subject", "body", "to", "receipt", "integration_id"}),
    "send_sms": frozenset({"template_id", "body", "to", "receipt", "integration_id"}),
    "send_notification": frozenset({"body", "integration_id"}),
    "webhook": frozenset({"url", "integration_id"}),
    "add_tag": frozenset({"tag"}),
    "remove_tag": frozenset({"tag"}),
}
_MOST_ACTIONS: Final = 20


def typed_of(rule: Mapping[str, Any]) -> dict[str, str]:
    """A rule as its form shows it."""
    said = rule["conditions"]
    currency = _one_currency(said.get("currencies", ()))
    typed = {
        "name": rule["name"],
        "description": rule["description"] or "",
        "trigger": rule["trigger"],
        "priority": str(rule["priority"]),
        "shadow": "true" if rule["shadow"] else "",
        "judged_as_of": said.get("as_of", ""),
        "first_payment": {True: "true", False: "false"}.get(said.get("first_payment"), ""),
    }
    typed |= {name: _amount_as_text(said.get(name), currency) for name in AMOUNTS}
    typed[_BESIDE] = currency or "" if said.get(_LIFETIME) is not None else ""
    typed |= {name: words_as_text(said.get(name, ())) for name in LISTS}
    typed |= {name: pairs_as_text(said.get(name, {})) for name in _PAIRS}
    for place, action in enumerate(rule["actions"]):
        typed |= _action_as_typed(place, action)
    return typed


def rule_in(
    form: Fields, known: Mapping[str, Any] | None, *, assumed_currency: str = ""
) -> dict[str, Any]:
    """What the form says.

    ``known``: the rule as it is, of which what no field shows stays. ``assumed_currency``: the one
    that new amounts are in which name none.

    Raises InvalidInput for an amount that nobody can read.
    """
    return {
        "name": form.get("name", "").strip(),
        "description": form.get("description", "").strip() or None,
        "trigger": form.get("trigger", ""),
        "priority": number_in(form.get("priority", "")) or 0,
        "shadow": form.get("shadow") == "true",
        "conditions": _conditions(form, known["conditions"] if known else {}, assumed_currency),
        "actions": _actions(form, known["actions"] if known else ()),
    }


def in_minor_units(conditions: Mapping[str, Any]) -> bool:
    """Whether there are amounts of no one currency, which are shown as they are recorded."""
    has_amounts = any(conditions.get(name) is not None for name in AMOUNTS)
    return has_amounts and _one_currency(conditions.get("currencies", ())) is None


def places_in(typed: Mapping[str, str]) -> int:
    """How many actions the form has room for: one more than are filled in."""
    filled = [place for place in range(_MOST_ACTIONS) if typed.get(f"action{place}_type")]
    return min(max(filled, default=-1) + 2, _MOST_ACTIONS)


def _conditions(form: Fields, known: Mapping[str, Any], assumed_currency: str) -> dict[str, Any]:
    assumed = "" if in_minor_units(known) else assumed_currency
    lists = {name: words_in(form.get(name, "")) for name in LISTS}
    lists["currencies"] = _currencies(form, lists["currencies"], assumed)
    currency = _one_currency(lists["currencies"])
    amounts = {name: _amount(form, currency, name, known) for name in AMOUNTS}
    pairs = {name: pairs_in(form.get(name, ""), known.get(name, {})) for name in _PAIRS}
    first = {"true": True, "false": False}.get(form.get("first_payment", ""))
    as_of = form.get("judged_as_of") or None
    said = {**lists, **amounts, **pairs, "first_payment": first, "as_of": as_of}
    return {name: value for name, value in said.items() if value not in (None, [], {})}


def _actions(form: Fields, known: Any) -> list[dict[str, Any]]:
    places = [n for n in range(_MOST_ACTIONS) if form.get(f"action{n}_type")]
    return [_action(form, n, known[n] if n < len(known) else None) for n in places]


def _action(form: Fields, place: int, known: Mapping[str, Any] | None) -> dict[str, Any]:
    type_ = form.get(f"action{place}_type", "")
    needed = _NEEDED.get(type_, frozenset())

    def said(name: str) -> str:
        shown = name == "after" or name in needed
        return form.get(f"action{place}_{name}", "").strip() if shown else ""

    is_same = known is not None and known["type"] == type_
    config = {**known["config"]} if is_same and known else {}
    config |= {name: said(name) for name in _WORDS if name in needed}
    if "receipt" in needed:
        config["receipt"] = said("receipt") == "true" or None
    return {
        "type": type_,
        "integration_id": said("integration_id") or None,
        "template_id": said("template_id") or None,
        "config": {name: value for name, value in config.items() if value not in (None, "")},
        "after": said("after") or None,
    }


def _action_as_typed(place: int, action: Mapping[str, Any]) -> dict[str, str]:
    config = action["config"]
    said = {name: str(config.get(name, "")) for name in _WORDS}
    said |= {
        name: action[name] or "" for name in ("type", "integration_id", "template_id", "after")
    }
    said["receipt"] = "true" if config.get("receipt") is True else ""
    return {f"action{place}_{name}": value for name, value in said.items()}


def _one_currency(named: Any) -> str | None:
    """The one whose amounts are meant; None where there are several, or none."""
    every = {str(each).upper() for each in named}
    return every.pop() if len(every) == 1 and has_decimals(next(iter(every))) else None


def _currencies(form: Fields, named: list[str], assumed: str) -> list[str]:
    """One beside the lifetime value is that of all amounts. Raises InvalidInput for another."""
    beside = form.get(_BESIDE, "").strip() if form.get(_LIFETIME, "").strip() else ""
    if beside and named and {each.upper() for each in named} != {beside.upper()}:
        raise InvalidInput(_BESIDE, "must be the one currency that stands above")
    asked = any(form.get(name, "").strip() for name in AMOUNTS)
    return named or ([beside] if beside else [assumed] if asked and assumed else [])


def _amount(form: Fields, currency: str | None, name: str, known: Mapping[str, Any]) -> int | None:
    """As people write amounts of that currency; one that stands as it was shown is as it was."""
    typed = form.get(name, "").strip()
    before = _one_currency(known.get("currencies", ()))
    if before in (None, currency) and typed == _amount_as_text(known.get(name), before):
        return known.get(name)
    if not typed:
        return None
    if currency is None:
        beside = _BESIDE if name == _LIFETIME else "currencies"
        raise InvalidInput(beside, "name the one currency that the amount beside it is in")
    try:
        return minor_units(typed, currency)
    except InvalidInput as wrong:
        raise InvalidInput(name, str((wrong.details or {}).get("reason"))) from None


def _amount_as_text(amount: int | None, currency: str | None) -> str:
    if amount is None:
        return ""
    return str(Decimal(amount).scaleb(-decimals(currency)) if currency else amount)
