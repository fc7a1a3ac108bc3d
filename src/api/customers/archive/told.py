"""Who was told: what was written to a customer, and who else was told of them."""

from collections.abc import Iterator
from functools import cached_property
from typing import Any, Final, cast

import orjson

from api.customers.archive.source import Source, host_of
from api.customers.archive.zipped import Part
from api.resources.export_files import in_steps
from delivery.webhooks.delivery_ids import ENDPOINT
from delivery.webhooks.told_of import followers, told_of
from delivery.workflows.actions_about import ActionAbout, actions_about
from delivery.workflows.doing import execution_id
from delivery.workflows.writing import KINDS, is_to_customer
from domain.event_types import type_of
from domain.integration import Integration
from domain.message_template import MessageTemplate
from domain.webhook_endpoint import WebhookEndpoint
from domain.workflow_rule import Action, WorkflowRule
from ledger.append import StoredFact

_ADDRESSES: Final = {"send_email": "email", "send_sms": "phone"}
_TELLING: Final = frozenset({*KINDS, "webhook"})
_STATUSES: Final = {"success": "sent"}


def told_parts(source: Source) -> list[Part]:
    told = _Told(source)
    return [
        Part(
            "messages",
            "emails and text messages that were written to you, what became of each, and why; what "
            "they said is not kept, and the address is the one that was known then",
            (
                *("at", "channel", "to", "status", "reason", "template_id", "template"),
                *("template_version", "through", "workflow_id", "workflow", "execution_id"),
                *("position", "event"),
            ),
            told.messages(),
        ),
        Part(
            "told",
            "who else was told of something about you: receivers of the organization, each time "
            "that it was tried, as long as that is kept, and what workflows told others",
            (
                *("at", "how", "receiver_id", "receiver", "host", "outcome", "http_status"),
                *("position", "event", "subject_id"),
            ),
            told.others(),
        ),
        Part(
            "endpoints",
            "every receiver that is, or was, told what happens at the organization, by the events "
            "it asked for (none: all), from when until when; of a receiver whose attempts are kept "
            "no more this is what is known",
            ("receiver_id", "receiver", "host", "events", "since", "until"),
            told.endpoints(),
        ),
    ]


class _Told:
    """Remembers whom it has looked up: rules, templates, receivers are few."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._known: dict[tuple[str, int | None], Any] = {}

    def messages(self) -> Iterator[dict[str, Any]]:
        for about, stored, action in self._actions():
            step = about.step
            if not is_to_customer(action):
                continue
            skipped = step.state == "skipped"
            template = cast(
                MessageTemplate | None, self._look_up(step.template, step.template_version)
            )
            yield {
                "at": step.completed_at,
                "channel": KINDS[step.type],
                "to": None if skipped else self._address(step.type, step.started_at),
                "status": _STATUSES.get(step.state, step.state),
                "reason": step.error or None,
                "template_id": step.template or None,
                "template": template and template.name,
                "template_version": step.template_version or None,
                "through": self._name_of(step.integration),
                "workflow_id": step.rule,
                "workflow": self._name_of(step.rule),
                "execution_id": execution_id(step.rule, step.position),
                "position": step.position,
                "event": type_of(stored.topic),
            }

    def others(self) -> Iterator[dict[str, Any]]:
        yield from self._by_webhooks()
        for about, stored, action in self._actions():
            step = about.step
            if step.type not in _TELLING or is_to_customer(action) or step.state == "skipped":
                continue
            yield {
                "at": step.completed_at,
                "how": step.type,
                "receiver_id": step.integration or step.rule,
                "receiver": self._name_of(step.integration or step.rule),
                "host": self._host_of(step.integration, action),
                "outcome": _STATUSES.get(step.state, step.state),
                "http_status": None,
                "position": step.position,
                "event": type_of(stored.topic),
                "subject_id": stored.stream,
            }

    def endpoints(self) -> Iterator[dict[str, Any]]:
        for stream in self._source.ledger.streams(self._source.book, ENDPOINT):
            endpoint = cast(WebhookEndpoint, self._look_up(stream))
            yield {
                "receiver_id": stream,
                "receiver": endpoint.name,
                "host": host_of(endpoint.url),
                "events": endpoint.events,
                "since": endpoint.created_at,
                "until": endpoint.modified_on if endpoint.removed else None,
            }

    def _by_webhooks(self) -> Iterator[dict[str, Any]]:
        engine, book = self._source.ledger.engine, self._source.book
        those = followers(engine, book)
        if not those:
            return
        for step in in_steps(self._source.facts()):
            facts = {each.position: each for each in step if type_of(each.topic)}
            for follower in those:
                for attempt in told_of(engine, book, follower, facts.keys()):
                    stored = facts[attempt.position]
                    taken = 200 <= attempt.http_status < 300  # noqa: PLR2004 (as HTTP counts)
                    yield {
                        "at": attempt.at,
                        "how": "endpoint",
                        "receiver_id": follower.endpoint,
                        "receiver": self._name_of(follower.endpoint),
                        "host": host_of(attempt.url),
                        "outcome": "taken" if taken else "not taken",
                        "http_status": attempt.http_status or None,
                        "position": attempt.position,
                        "event": type_of(stored.topic),
                        "subject_id": stored.stream,
                    }

    def _actions(self) -> Iterator[tuple[ActionAbout, StoredFact, Action]]:
        source = self._source
        found = actions_about(source.ledger.engine, source.book, source.customer_id)
        for some in in_steps(found):
            read = source.ledger.read_at(source.book, {each.step.position for each in some})
            facts = {each.position: each for each in read}
            for each in some:
                rule = cast(WorkflowRule, self._look_up(each.step.rule, each.rule_version))
                yield each, facts[each.step.position], rule.actions[each.step.number]

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

    def _look_up(self, stream: str, version: int | None = None) -> Any:
        key = (stream, version or None)
        if stream and key not in self._known:
            self._known[key] = self._source.entity(*key)
        return self._known.get(key)

    def _name_of(self, stream: str) -> str | None:
        found = self._look_up(stream)
        return None if found is None else found.name

    def _host_of(self, integration: str, action: Action) -> str | None:
        known = cast(Integration | None, self._look_up(integration))
        url = action["config"].get("url") or (known and known.config.get("url"))
        return host_of(url) if isinstance(url, str) else None
