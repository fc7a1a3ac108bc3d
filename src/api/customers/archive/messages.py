"""Messages: what was written to a customer by email and text message, and what became of it."""

from collections.abc import Iterator
from functools import cached_property
from typing import Any, Final, cast

import orjson

from api.customers.archive.actions import Actions, status_of
from api.customers.archive.source import Source
from api.customers.archive.zipped import Part
from delivery.workflows.doing import execution_id
from delivery.workflows.writing import KINDS, is_to_customer
from domain.event_types import type_of
from domain.message_template import MessageTemplate

_ADDRESSES: Final = {"send_email": "email", "send_sms": "phone"}


def messages_part(source: Source, actions: Actions) -> Part:
    return Part(
        "messages",
        "emails and text messages that were written to you, what became of each, and why; what "
        "they said is not kept, and the address is the one that was known then",
        (
            *("at", "channel", "to", "status", "reason", "template_id", "template"),
            *("template_version", "through", "workflow_id", "workflow", "execution_id"),
            *("position", "event"),
        ),
        _Messages(source, actions).rows(),
    )


class _Messages:
    def __init__(self, source: Source, actions: Actions) -> None:
        self._source = source
        self._actions = actions

    def rows(self) -> Iterator[dict[str, Any]]:
        for about, stored, action in self._actions.all():
            step = about.step
            if not is_to_customer(action):
                continue
            skipped = step.state == "skipped"
            template = cast(
                MessageTemplate | None, self._actions.look_up(step.template, step.template_version)
            )
            yield {
                "at": step.completed_at,
                "channel": KINDS[step.type],
                "to": None if skipped else self._address(step.type, step.started_at),
                "status": status_of(step.state),
                "reason": step.error or None,
                "template_id": step.template or None,
                "template": template and template.name,
                "template_version": step.template_version or None,
                "through": self._actions.name_of(step.integration),
                "workflow_id": step.rule,
                "workflow": self._actions.name_of(step.rule),
                "execution_id": execution_id(step.rule, step.position),
                "position": step.position,
                "event": type_of(stored.topic),
            }

    @cached_property
    def _addresses(self) -> list[tuple[str, dict[str, str | None]]]:
        """Since when they had which, the last first."""
        found = [
            (stored.recorded_at, orjson.loads(stored.data)["personal"])
            for stored in self._source.profile_facts()
        ]
        return found[::-1]

    def _address(self, type_: str, at: str) -> str | None:
        """As it was known at a moment."""
        known = (personal for since, personal in self._addresses if since <= at)
        return next(known, {}).get(_ADDRESSES[type_])
