"""Identity: who a customer is, and was; what they agreed to; and who looked."""

from collections.abc import Iterator
from typing import Any, Final

import orjson

from api.customers.archive.source import ORIGIN, Source, origin_of
from api.customers.archive.zipped import Part
from domain.customer import Customer

_CONSENTS: Final = {Customer.ConsentGiven.TOPIC: True, Customer.ConsentWithdrawn.TOPIC: False}
_LOOKED: Final = {Customer.Revealed.TOPIC: "user_id", Customer.DataTaken.TOPIC: "asked_by"}


def identity_parts(source: Source) -> list[Part]:
    return [
        Part(
            "profile",
            "who you are: each value that was ever known, since when, and until when it was; "
            "what has no end is known now",
            ("field", "value", "since", "until", *ORIGIN),
            _profile(source),
        ),
        Part(
            "consents",
            "whether you may be written to by email or text message, as you said or as it turned "
            "out; an address that is not written to any more is a consent that was withdrawn",
            ("channel", "given", "reason", "at", *ORIGIN),
            _consents(source),
        ),
        Part(
            "seen_by",
            "who asked to see who you are where that is covered, and who made an archive like this",
            ("asked", "by", "at", *ORIGIN),
            _seen_by(source),
        ),
    ]


def now_of(customer: Customer | None) -> dict[str, Any]:
    """Who it is now, deleted or not."""
    if customer is None:
        return {}
    return {
        "id": customer.id,
        "external_id": customer.external_id,
        **customer.personal,
        "tags": customer.tags,
        "metadata": customer.metadata,
        "registered_at": customer.registered_at,
        "updated_at": customer.updated_at,
        "deleted": customer.deleted,
        "consents": customer.consents,
    }


def _profile(source: Source) -> Iterator[dict[str, Any]]:
    known: dict[str, dict[str, Any]] = {}
    for stored in source.profile_facts():
        data, origin = orjson.loads(stored.data), origin_of(stored)
        for field, value in _values(data):
            before = known.get(field)
            if before is None and not value:
                continue
            if before is not None and before["value"] == value:
                continue
            if before is not None and before["value"]:
                yield before | {"until": data["occurred_at"]}
            row = {"field": field, "value": value, "since": data["occurred_at"], "until": None}
            known[field] = row | origin
    yield from (row for row in known.values() if row["value"])


def _values(data: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    personal = data["personal"]
    yield from ((field, personal[field]) for field in ("name", "email", "phone"))
    yield from ((field, data[field]) for field in ("external_id", "tags", "metadata"))


def _consents(source: Source) -> Iterator[dict[str, Any]]:
    for stored in source.own_facts():
        if stored.topic in _CONSENTS:
            data = orjson.loads(stored.data)
            yield {
                "channel": data["channel"],
                "given": _CONSENTS[stored.topic],
                "reason": data["reason"],
                "at": data["occurred_at"],
                **origin_of(stored),
            }


def _seen_by(source: Source) -> Iterator[dict[str, Any]]:
    for stored in source.own_facts():
        if stored.topic in _LOOKED:
            data = orjson.loads(stored.data)
            yield {
                "asked": "who it is" if stored.topic == Customer.Revealed.TOPIC else "all data",
                "by": data[_LOOKED[stored.topic]],
                "at": data["occurred_at"],
                **origin_of(stored),
            }
