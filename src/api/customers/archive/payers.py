"""Payers: what was typed about who pays, as far as it is known to be the customer's own.

Whoever has a link, or shares an address, may pay in a customer's place, and types who they are.
"""

from collections.abc import Mapping
from typing import Any, Final

import orjson

from api.customers.archive.source import Source
from domain.contact import e164_of, mailbox
from domain.payer_details import ALL
from domain.text import seen
from projections.payer_details import Said

WITHHELD: Final = "(withheld)"


class OwnDetails:
    """Knows every name, address and number that was ever the customer's."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._questions: dict[str, set[str]] = {}
        self._known = {
            _compared(field, value)
            for stored in source.profile_facts()
            for field, value in orjson.loads(stored.data)["personal"].items()
            if value
        }

    def of(self, typed: Mapping[str, Any]) -> dict[str, Any]:
        """The same; WITHHELD in the place of what may be somebody else's."""
        return {
            field: value if not value or _compared(field, value) in self._known else WITHHELD
            for field, value in typed.items()
        }

    def metadata_of(self, payment: Mapping[str, Any], payer: Said | None) -> dict[str, Any]:
        """Of a payment; WITHHELD in the place of answers to its link by who may be another."""
        metadata: dict[str, Any] = payment["metadata"]
        typed = {name: payer and getattr(payer, name) for name in ALL}
        if payment["source"] != "payment_link" or WITHHELD not in self.of(typed).values():
            return metadata
        asked = self._asked_by(payment["source_id"] or "")
        return {name: WITHHELD if name in asked else value for name, value in metadata.items()}

    def _asked_by(self, link_id: str) -> set[str]:
        """What a link asks, or ever asked, its payers."""
        if link_id not in self._questions:
            self._questions[link_id] = {
                field["name"]
                for stored in self._source.link_terms(link_id)
                for field in orjson.loads(stored.data)["terms"].get("custom_fields", ())
            }
        return self._questions[link_id]


def _compared(field: str, value: str) -> tuple[str, str]:
    """As two that are the same are told to be: however they are written."""
    match field:
        case "email":
            return field, mailbox(value)
        case "phone":
            return field, e164_of(value)
        case _:
            return field, seen(value).casefold()
