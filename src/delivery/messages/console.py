"""The console: messages are written into the log, so that a developer needs no mail server."""

from typing import Any, Final

import structlog

from delivery.messages.channels import Message, Notification, Settings
from delivery.messages.emails import Email
from delivery.messages.results import SendResult
from domain.book import Mode

_log: Final = structlog.get_logger("whence")


class ConsoleConfig(Settings):
    """Nothing is to be set."""


class ConsoleCredentials(Settings):
    """Nobody logs in."""


def write_to_console(message: Message, *, mode: Mode) -> SendResult:
    """In test mode alone: a log is read by people whom no customer has written to."""
    if mode != "test":
        return SendResult("failed", error="the console is for test mode")
    said: dict[str, Any] = {"text": message.text, "key": message.key}
    if not isinstance(message, Notification):
        said["to"] = message.to
    if isinstance(message, Email):
        said["subject"] = message.subject
    _log.info("a message", **said)
    return SendResult("sent", response="written to the log")
