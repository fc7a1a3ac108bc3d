"""Notifications to a Slack-compatible address: Slack, Mattermost, Rocket.Chat, Discord's /slack."""

import orjson
from pydantic import Field

from delivery.http_client import HttpClient, SendingFailed
from delivery.messages.channels import Notification, Settings
from delivery.messages.http_results import failure_of, result_of
from delivery.messages.results import SendResult
from domain.book import Mode


class SlackConfig(Settings):
    """``channel`` and ``sender``, where the address lets them be chosen."""

    channel: str | None = Field(default=None, max_length=100)
    sender: str | None = Field(default=None, alias="from", max_length=100)


class SlackCredentials(Settings):
    """Whoever knows the address may write: it is a secret."""

    url: str = Field(min_length=1, max_length=2048)


async def send_notification(
    client: HttpClient,
    config: SlackConfig,
    credentials: SlackCredentials,
    notification: Notification,
    *,
    mode: Mode,
) -> SendResult:
    body = {"text": notification.text, "channel": config.channel, "username": config.sender}
    said = {name: value for name, value in body.items() if value}
    try:
        answer = await client.request(
            "POST",
            credentials.url,
            mode=mode,
            body=orjson.dumps(said),
            headers={"Content-Type": "application/json"},
        )
    except SendingFailed as failed:
        return failure_of(failed, repeatable=True)
    return result_of(answer)
