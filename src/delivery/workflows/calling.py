"""Calling: the webhook of a workflow, which tells another program what happened."""

from dataclasses import dataclass
from typing import Any

from commands.handling.handler import CommandHandler
from commands.integrations import credentials_of
from delivery.envelopes import DataOf, to_json
from delivery.http_client import HttpClient, SendingFailed
from delivery.messages.http_results import failure_of, result_of
from delivery.messages.results import SendResult
from delivery.webhooks.signatures import signatures
from delivery.workflows.doing import Doing, Done, execution_id
from delivery.workflows.payloads import payload_of
from domain.integration import Integration
from ledger.keyring import CannotSealOrOpen


@dataclass(frozen=True, slots=True)
class _Receiver:
    url: str
    secret: str | None = None
    integration: str = ""


class _Nobody(Exception):  # noqa: N818 (said of the action)
    """There is nobody to call, for good."""


class Calling:
    """Sends the event as receivers are told of it, with the workflow that says so beside it.

    Signed where its integration has a secret; under one id however often it is tried.
    """

    def __init__(self, handler: CommandHandler, client: HttpClient, data_of: DataOf) -> None:
        self._handler = handler
        self._client = client
        self._data_of = data_of

    async def call(self, doing: Doing) -> Done:
        try:
            receiver = await self._receiver(doing)
        except _Nobody as nobody:
            return Done(SendResult("failed", error=str(nobody)))
        except CannotSealOrOpen as error:
            return Done(SendResult("later", error=f"its secret cannot be opened: {error}"))
        if doing.only_says:
            said = SendResult("sent", "would call the receiver")
            return Done(said, integration=receiver.integration)
        return Done(await self._called(doing, receiver), integration=receiver.integration)

    async def _receiver(self, doing: Doing) -> _Receiver:
        named, book = doing.action["integration_id"], doing.step.book
        if named is None:
            return _Receiver(doing.action["config"]["url"])
        found = await self._handler.load_recent(Integration, book, named)
        if found is None or not found.is_usable:
            raise _Nobody("its integration is not active any more")
        credentials = credentials_of(self._handler.keyring, book, found)
        return _Receiver(found.config["url"], credentials.get("signing_secret"), named)

    async def _called(self, doing: Doing, receiver: _Receiver) -> SendResult:
        body = to_json(self._body(doing))
        headers = {"Content-Type": "application/json", "webhook-id": doing.key}
        if receiver.secret:
            secrets = [receiver.secret]
            headers |= signatures(body, secrets, message_id=doing.key, now=doing.now)
        try:
            answer = await self._client.request(
                "POST", receiver.url, mode=doing.book.mode, body=body, headers=headers
            )
        except SendingFailed as failed:
            return failure_of(failed, repeatable=True)
        return result_of(answer)

    def _body(self, doing: Doing) -> dict[str, Any]:
        step = doing.step
        workflow = {
            "id": step.rule,
            "name": doing.rule.name,
            "version": doing.rule.version,
            "execution_id": execution_id(step.rule, step.position),
        }
        moment = doing.now.isoformat(timespec="seconds").replace("+00:00", "Z")
        return payload_of(doing.occurrence, self._data_of) | {
            "delivery_id": doing.key,
            "attempt": step.attempts,
            "signature_timestamp": moment,
            "workflow": workflow,
        }
