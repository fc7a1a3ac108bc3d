"""What more a payment link may say: what it asks payers, how it looks, who is told, and notes."""

from collections.abc import Mapping
from typing import Any, Final, get_args

from console.fields import Fields
from console.forms import pairs_as_text, pairs_in, words_as_text, words_in
from domain.payment_link import FieldType

TYPES: Final = {each: each.capitalize() for each in get_args(FieldType)}

# Of what is asked already, and some more.
_SPARE: Final = 3
_PARTS: Final = ("label", "name", "type", "options", "required")


def asked_of(said: Mapping[str, Any]) -> list[dict[str, str]]:
    """The rows of what payers are asked: as they were typed, or as the link has them."""
    found = [row for row in _rows(said) if row] or [*map(_typed, said.get("custom_fields") or ())]
    return found + [{}] * _SPARE


def typed_of(link: Mapping[str, Any]) -> dict[str, Any]:
    """What the other fields say of a link."""
    looks = {name: link["branding"].get(name) or "" for name in ("color", "logo_url")}
    return {
        **looks,
        "metadata": pairs_as_text(link["metadata"]),
        "custom_fields": link["custom_fields"],
    }


def more_in(form: Fields, known: Mapping[str, Any]) -> dict[str, Any]:
    """As the API takes it; what of ``known`` is left as it is stays of the kind it was."""
    looks = {name: form.get(name, "").strip() or None for name in ("color", "logo_url")}
    return {
        "custom_fields": [_asked(row) for row in _rows(form) if row],
        "branding": {**(known.get("branding") or {}), **looks},
        "webhook_url": form.get("webhook_url", "").strip() or None,
        "metadata": pairs_in(form.get("metadata", ""), known.get("metadata")),
    }


def _rows(said: Mapping[str, Any]) -> list[dict[str, str]]:
    """Of each row what is filled in; nothing of one that asks nothing."""
    rows: dict[int, dict[str, str]] = {}
    for name, value in said.items():
        asked, _, rest = name.partition("asked_")
        part, _, number = rest.rpartition("_")
        if not asked and part in _PARTS and number.isdecimal() and str(value).strip():
            rows.setdefault(int(number), {})[part] = str(value).strip()
    return [row if row.keys() & {"label", "name"} else {} for _, row in sorted(rows.items())]


def _asked(row: Mapping[str, str]) -> dict[str, Any]:
    label = row.get("label", row.get("name", ""))
    return {
        "name": row.get("name") or _name_of(label),
        "label": label,
        "type": row.get("type", "text"),
        "required": row.get("required") == "true",
        "options": words_in(row.get("options", "")),
    }


def _name_of(label: str) -> str:
    """What the answer is kept under, where nobody says it: ``Shirt size`` is ``shirt_size``."""
    kept = "".join(sign if sign.isascii() and sign.isalnum() else "_" for sign in label.lower())
    return kept.strip("_")[:40]


def _typed(asked: Mapping[str, Any]) -> dict[str, str]:
    return {
        "label": asked["label"],
        "name": asked["name"],
        "type": asked["type"],
        "options": words_as_text(asked["options"]),
        "required": "true" if asked["required"] else "",
    }
