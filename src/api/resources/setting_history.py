"""The change resource: who changed something, and which of its fields."""

from typing import Any

import orjson
from pydantic import Field

from api.resources.actors import Doer
from api.resources.shapes import Moment, Pagination, Shape
from ledger.facts import StoredFact


class SettingChange(Shape):
    """Something that was done with it; `changed` are the fields that it was about, if any.

    `shadow`: of a workflow where that is one of them, whether it only says what it would do since.
    """

    version: int = Field(examples=[3])
    topic: str = Field(examples=["workflow_rule.changed"])
    recorded_at: Moment
    actor: str | None = Field(examples=["usr_01hxa2b3c4d5e6f7g8h9jkmnpq"])
    actor_name: str | None
    key_id: str | None
    changed: list[str] = Field(examples=[["conditions", "name"]])
    shadow: bool | None


class SettingHistory(Shape):
    """The last first."""

    history: list[SettingChange]
    pagination: Pagination


def change_of(stored: StoredFact, changed: list[str], doer: Doer) -> dict[str, Any]:
    return SettingChange.of(
        stored,
        actor=doer.actor,
        actor_name=doer.name,
        key_id=doer.key_id,
        changed=changed,
        shadow=orjson.loads(stored.data)["shadow"] if "shadow" in changed else None,
    )
