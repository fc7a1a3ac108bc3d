"""Receivers: who else was told of a customer, by webhook endpoints and by workflows."""

from collections.abc import Iterator
from typing import Any, Final, cast

from api.customers.archive.actions import Actions, status_of
from api.customers.archive.source import Source, host_of
from api.customers.archive.zipped import Part
from api.resources.export_files import batched
from delivery.webhooks.delivery_ids import ENDPOINT
from delivery.webhooks.told_of import followers, told_of
from delivery.workflows.writing import KINDS, is_to_customer
from domain.event_types import type_of
from domain.integration import Integration
from domain.webhook_endpoint import WebhookEndpoint
from domain.workflow_rule import Action

_TELLING: Final = frozenset({*KINDS, "webhook"})


def receiver_parts(source: Source, actions: Actions) -> list[Part]:
    receivers = _Receivers(source, actions)
    return [
        Part(
            "told",
            "who else was told of something about you: receivers of the organization, each time "
            "that it was tried, as long as that is kept, and what workflows told others",
            (
                *("at", "how", "receiver_id", "receiver", "host", "outcome", "http_status"),
                *("position", "event", "subject_id"),
            ),
            receivers.told(),
        ),
        Part(
            "endpoints",
            "every receiver that is, or was, told what happens at the organization, by the events "
            "it asked for (none: all), from when until when; of a receiver whose attempts are kept "
            "no more this is what is known",
            ("receiver_id", "receiver", "host", "events", "since", "until"),
            receivers.endpoints(),
        ),
    ]


class _Receivers:
    def __init__(self, source: Source, actions: Actions) -> None:
        self._source = source
        self._actions = actions

    def told(self) -> Iterator[dict[str, Any]]:
        yield from self._by_webhooks()
        for about, stored, action in self._actions.all():
            step = about.step
            if step.type not in _TELLING or is_to_customer(action) or step.state == "skipped":
                continue
            yield {
                "at": step.completed_at,
                "how": step.type,
                "receiver_id": step.integration or step.rule,
                "receiver": self._actions.name_of(step.integration or step.rule),
                "host": self._host_of(step.integration, action),
                "outcome": status_of(step.state),
                "http_status": None,
                "position": step.position,
                "event": type_of(stored.topic),
                "subject_id": stored.stream,
            }

    def endpoints(self) -> Iterator[dict[str, Any]]:
        for stream in self._source.ledger.streams(self._source.book, ENDPOINT):
            endpoint = cast(WebhookEndpoint, self._actions.look_up(stream))
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
        for step in batched(self._source.facts()):
            facts = {each.position: each for each in step if type_of(each.topic)}
            for follower in those:
                for attempt in told_of(engine, book, follower, facts.keys()):
                    stored = facts[attempt.position]
                    taken = 200 <= attempt.http_status < 300  # noqa: PLR2004 (as HTTP counts)
                    yield {
                        "at": attempt.at,
                        "how": "endpoint",
                        "receiver_id": follower.endpoint,
                        "receiver": self._actions.name_of(follower.endpoint),
                        "host": host_of(attempt.url),
                        "outcome": "taken" if taken else "not taken",
                        "http_status": attempt.http_status or None,
                        "position": attempt.position,
                        "event": type_of(stored.topic),
                        "subject_id": stored.stream,
                    }

    def _host_of(self, integration: str, action: Action) -> str | None:
        known = cast(Integration | None, self._actions.look_up(integration))
        url = action["config"].get("url") or (known and known.config.get("url"))
        return host_of(url) if isinstance(url, str) else None
