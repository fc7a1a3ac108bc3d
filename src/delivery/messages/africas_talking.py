"""Text messages through Africa's Talking (developers.africastalking.com/docs/sms/sending)."""

from typing import Any, Final
from urllib.parse import urlencode

import orjson
from pydantic import Field

from delivery.http_client import HttpAnswer, HttpClient, SendingFailed
from delivery.messages.channels import Settings, Sms, SmsSettings
from delivery.messages.http_results import failure_of, result_of
from delivery.messages.results import SendResult
from domain.book import Mode

_LIVE: Final = "https://api.africastalking.com/version1/messaging"
_SANDBOX: Final = "https://api.sandbox.africastalking.com/version1/messaging"

_TAKEN: Final = frozenset({100, 101, 102})
# The number, and not the account or the network: invalid, unsupported, on a list, rejected.
_FOR_GOOD: Final = frozenset({403, 404, 406, 409, 502})


class AfricasTalkingConfig(SmsSettings):
    """``from``: the sender's name or short code; ``url``: where it is not their own."""

    username: str = Field(min_length=1, max_length=255)
    sender: str | None = Field(default=None, alias="from", max_length=20)
    url: str | None = Field(default=None, max_length=2048)

    @property
    def address(self) -> str:
        return self.url or (_SANDBOX if self.username == "sandbox" else _LIVE)


class AfricasTalkingCredentials(Settings):
    api_key: str = Field(min_length=1, max_length=1000)


async def send_sms(
    client: HttpClient,
    config: AfricasTalkingConfig,
    credentials: AfricasTalkingCredentials,
    sms: Sms,
    *,
    mode: Mode,
) -> SendResult:
    """A message of which nobody knows whether it left is not sent again: it may cost twice."""
    form = {"username": config.username, "to": sms.to, "message": sms.text, "enqueue": "1"}
    if config.sender:
        form["from"] = config.sender
    try:
        answer = await client.request(
            "POST",
            config.address,
            mode=mode,
            body=urlencode(form).encode(),
            headers={
                "apiKey": credentials.api_key,
                "Accept": "application/json",
                "Content-Type": "application/x-www-form-urlencoded",
            },
        )
    except SendingFailed as failed:
        return failure_of(failed, repeatable=False)
    return _judged(answer)


def _judged(answer: HttpAnswer) -> SendResult:
    """The status of the answer is that of the request; each recipient has one of its own."""
    result = result_of(answer)
    if result.status != "sent":
        return result
    recipients = _recipients(answer.text)
    if recipients is None:
        return SendResult("failed", result.response, "it answers otherwise", may_have_arrived=True)
    if not recipients:
        return SendResult("later", result.response, error="it sent the message to nobody")
    recipient = recipients[0]
    code = recipient.get("statusCode")
    if code in _TAKEN:
        return SendResult(
            "sent",
            response=answer.text,
            reference=recipient.get("messageId"),
            cost=recipient.get("cost"),
        )
    return SendResult(
        "failed" if code in _FOR_GOOD else "later",
        response=answer.text,
        error=str(recipient.get("status") or code),
    )


def _recipients(text: str) -> list[dict[str, Any]] | None:
    """What became of each; None for an answer that is not theirs."""
    try:
        found = orjson.loads(text)["SMSMessageData"]["Recipients"]
        return [dict(each) for each in found]
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return None
