"""Parcels: what is to be sent, rendered from facts at the moment of sending."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import structlog

from commands.webhook_endpoints import signing_secrets
from delivery.envelopes import envelope
from delivery.subjects import Occurrence
from delivery.webhooks.delivery_ids import LIVE, delivery_id
from delivery.webhooks.lanes import Delivery
from delivery.webhooks.sender import UNRENDERED, Parcel, Result
from delivery.webhooks.services import Services
from domain.fact import Fact
from domain.payment import Payment
from domain.payment_link import PaymentLink
from domain.webhook_endpoint import DEFAULT_NAME, WebhookEndpoint
from ledger.keyring import CannotSealOrOpen

_log = structlog.get_logger("whence.delivery")


_UNRENDERED: Final = Result(
    "", UNRENDERED, "", "it could not be told: an error of ours, which the log shows", 0
)


class _Rendering(NamedTuple):
    fact: Fact
    told: dict[str, Any]


class Parcels:
    """For one cursor of an endpoint."""

    def __init__(self, services: Services, book: str, follower: str, cursor: str) -> None:
        self._services = services
        self._book = book
        self._follower = follower
        self._cursor = cursor
        self._opens = True

    async def packed(
        self, endpoint: WebhookEndpoint, deliveries: Sequence[Delivery]
    ) -> list[tuple[Delivery, Parcel | Result]]:
        """Each with what is to be sent, or with what came of it already, and the log says why."""
        try:
            secrets = self._secrets(endpoint)
        except CannotSealOrOpen as error:
            return [(each, _unsigned(endpoint, error)) for each in deliveries]
        rendered = await self._services.ask(self._render, deliveries)
        packed: list[tuple[Delivery, Parcel | Result]] = []
        for delivery, rendering in zip(deliveries, rendered, strict=True):
            parcel: Parcel | Result = _UNRENDERED
            if rendering is not None:
                url, told = await self._url(endpoint, rendering.fact), rendering.told
                if url != endpoint.url:
                    # What the endpoint was told before says nothing of what is missing there.
                    told = told | {"previous_position": None}
                named = delivery_id(self._follower, self._cursor, delivery.position)
                parcel = Parcel(url, told, named, delivery.attempts + 1, secrets)
            packed.append((delivery, parcel))
        return packed

    def _secrets(self, endpoint: WebhookEndpoint) -> Sequence[str]:
        """Raises CannotSealOrOpen, which is logged when it begins to be so."""
        handler, was_opened = self._services.handler, self._opens
        self._opens = False
        try:
            secrets = signing_secrets(endpoint, self._book, handler.keyring, handler.clock())
        except CannotSealOrOpen as error:
            if was_opened:
                where = {"book": self._book, "endpoint": endpoint.id, "error": str(error)}
                _log.error("the secret of an endpoint cannot be opened", **where)
            raise
        self._opens = True
        return secrets

    def _render(self, deliveries: Sequence[Delivery]) -> list[_Rendering | None]:
        found = self._services.subjects.after(self._book, [each.stored for each in deliveries])
        occurrences = {each.stored.position: each for each in found}
        return [self._rendering(each, occurrences.get(each.position)) for each in deliveries]

    def _rendering(self, delivery: Delivery, occurrence: Occurrence | None) -> _Rendering | None:
        if occurrence is None:
            return None
        try:
            data = self._services.data_of(occurrence)
            replay = self._cursor != LIVE
            told = envelope(occurrence, data, previous_position=delivery.previous, replay=replay)
        except Exception:  # noqa: BLE001 (logged, and recorded as what it is)
            where = {"book": self._book, "position": delivery.position}
            _log.exception("a fact cannot be told", **where)
            return None
        return _Rendering(occurrence.fact, told)

    async def _url(self, endpoint: WebhookEndpoint, fact: Fact) -> str:
        """A link may have an address of its own: another one of the default endpoint."""
        if endpoint.name != DEFAULT_NAME or not isinstance(fact, Payment.Event):
            return endpoint.url
        if fact.source != "payment_link" or fact.source_id is None:
            return endpoint.url
        handler = self._services.handler
        link = await handler.load_recent(PaymentLink, self._book, fact.source_id)
        return (link and link.terms["webhook_url"]) or endpoint.url


def _unsigned(endpoint: WebhookEndpoint, error: CannotSealOrOpen) -> Result:
    """As if it were down: without its secret nothing can be sent, and nothing is lost."""
    return Result(endpoint.url, 0, "", f"its secret cannot be opened: {error}", 0, connected=False)
