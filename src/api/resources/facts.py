"""The fact resource: what was recorded, as it was recorded, and by whom."""

from typing import Any

import orjson
from pydantic import Field

from api.resources.actors import Doer
from api.resources.shapes import Moment, Pagination, Shape
from ledger.facts import FactMapper, StoredFact


class RecordedFact(Shape):
    """Something that happened, never changed since; ``data`` is all that was recorded of it.

    ``before``: of `customer.updated`, the profile that it changed.
    """

    position: int = Field(examples=[128])
    topic: str = Field(examples=["payment.refunded"])
    subject_id: str = Field(examples=["pay_01hxa2b3c4d5e6f7g8h9jkmnpq"])
    version: int = Field(examples=[3])
    occurred_at: Moment
    recorded_at: Moment
    actor: str | None = Field(examples=["usr_ama"])
    actor_name: str | None
    key_id: str | None = Field(examples=["key_01hxa2b3c4d5e6f7g8h9jkmnpq"])
    reason: str | None = Field(examples=["damaged"])
    data: dict[str, Any]
    before: dict[str, Any] | None


class RecordedFacts(Shape):
    """A page of facts, the last recorded first."""

    facts: list[RecordedFact]
    pagination: Pagination


def recorded_fact_of(
    stored: StoredFact,
    mapper: FactMapper,
    doer: Doer,
    before: dict[str, Any] | None = None,
) -> dict[str, Any]:
    data = orjson.loads(stored.data)
    return RecordedFact.of(
        stored,
        subject_id=stored.stream,
        occurred_at=mapper.decode(stored).occurred_at,
        actor=doer.actor,
        actor_name=doer.name,
        key_id=doer.key_id,
        reason=reason_of(data),
        data=data,
        before=before,
    )


def reason_of(data: dict[str, Any]) -> str | None:
    """Why it happened, as far as what was recorded of it says."""
    reason: str | None = data.get("reason") or data.get("failure_message")
    return reason
