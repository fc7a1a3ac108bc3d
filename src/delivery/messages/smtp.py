"""SMTP: hands an email to a mail server, and knows what to make of its answer."""

import asyncio
import socket
import ssl
from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import cache
from typing import Final, Literal

import aiosmtplib
from pydantic import Field, field_validator

from delivery.addresses import Network
from delivery.messages.channels import Settings
from delivery.messages.connections import Unreachable, connection
from delivery.messages.emails import Email, Mailbox, mailbox_of, message_of
from delivery.messages.results import SendResult
from domain.book import Mode

_IMPLICIT_TLS_PORT: Final = 465
_GOODBYE_SECONDS: Final = 5
_REFUSED: Final = range(500, 600)
_TOO_LARGE: Final = 552
# What is wrong with one message; whatever else is refused is mended, and then sent.
_OF_THE_MESSAGE: Final = (aiosmtplib.SMTPRecipientRefused, aiosmtplib.SMTPDataError)

_NOBODY_KNOWS: Final = "the line was dropped after the message was handed over: it may have arrived"
_REASONS: Final = (
    (aiosmtplib.SMTPAuthenticationError, "the mail server refuses the user name or the password"),
    (aiosmtplib.SMTPSenderRefused, "the mail server does not send for this sender"),
    (aiosmtplib.SMTPRecipientRefused, "the mail server refuses the recipient"),
    (aiosmtplib.SMTPDataError, "the mail server refuses the message"),
    (aiosmtplib.SMTPResponseException, "the mail server refuses to talk"),
    (TimeoutError, "the mail server does not answer in time"),
    (ConnectionError, "the mail server closed the connection"),
)


class SmtpConfig(Settings):
    """A mail server; ``tls`` is ``starttls`` if nothing is said, on port 465 ``implicit``."""

    host: str = Field(min_length=1, max_length=253, pattern=r"^[^\s/@\[\]\x00]+$")
    port: int = Field(default=587, ge=1, le=65535)
    tls: Literal["none", "starttls", "implicit"] | None = None
    sender: str = Field(alias="from", max_length=320)
    reply_to: str | None = Field(default=None, max_length=320)
    username: str | None = Field(default=None, max_length=255)

    @field_validator("sender", "reply_to")
    @classmethod
    def _is_a_mailbox(cls, value: str | None) -> str | None:
        if value is not None:
            mailbox_of(value)
        return value

    @property
    def encryption(self) -> str:
        return self.tls or ("implicit" if self.port == _IMPLICIT_TLS_PORT else "starttls")


class SmtpCredentials(Settings):
    password: str | None = Field(default=None, max_length=1000)


@dataclass(frozen=True)
class Patience:
    """Seconds. Servers that keep out spam greet late on purpose; and with all of it, some work."""

    connecting: float = 10
    answering: float = 60
    accepting: float = 180
    altogether: float = 300


async def send_email(
    config: SmtpConfig,
    credentials: SmtpCredentials,
    email: Email,
    *,
    mode: Mode,
    allowed_networks: Collection[Network] = (),
    patience: Patience = Patience(),
    tls: ssl.SSLContext | None = None,
) -> SendResult:
    """To one recipient, with one connection.

    Where the line is dropped after the message was handed over, nobody knows whether it arrived:
    it is sent again, with the same Message-ID, by which a reader's mailbox knows it.
    """
    try:
        sender = mailbox_of(config.sender, name=email.from_name)
        recipient = mailbox_of(email.to, name=email.to_name)
        written = message_of(_answered_to(email, config.reply_to), sender, recipient).as_bytes()
    except ValueError as error:
        return SendResult("failed", error=str(error))
    handing = _Handing(config, credentials, patience, tls or _tls())
    try:
        async with asyncio.timeout(patience.altogether):
            line = await connection(
                config.host, config.port, mode, allowed_networks, patience.connecting
            )
            await handing.over(line, written, sender, recipient)
    except (Unreachable, aiosmtplib.SMTPException, OSError) as error:
        # Once it has been taken, it does not matter how the server says good-bye.
        if not handing.said:
            return _failure(error, handing, config)
    return SendResult("sent", response=handing.said)


class _Handing:
    """One message on its way through one connection; ``handed_over`` from DATA on.

    ``said``: by which words it was taken.
    """

    def __init__(
        self,
        config: SmtpConfig,
        credentials: SmtpCredentials,
        patience: Patience,
        tls: ssl.SSLContext,
    ) -> None:
        self._config = config
        self._credentials = credentials
        self._patience = patience
        self._tls = tls
        self.handed_over = False
        self.said = ""

    async def over(
        self, line: socket.socket, message: bytes, sender: Mailbox, recipient: Mailbox
    ) -> None:
        server = self._server(line, sender)
        await server.connect()
        try:
            if self._config.username:
                await server.login(self._config.username, self._credentials.password or "")
            await self._envelope(server, sender.address, recipient.address, len(message))
            self.handed_over = True
            said = await server.data(message, timeout=self._patience.accepting)
            self.said = f"{said.code} {said.message}"
            await server.quit(timeout=_GOODBYE_SECONDS)
        finally:
            # A line under TLS would wait for the server to close it as well.
            if isinstance(server.transport, asyncio.WriteTransport):
                server.transport.abort()
            server.close()

    def _server(self, line: socket.socket, sender: Mailbox) -> aiosmtplib.SMTP:
        return aiosmtplib.SMTP(
            hostname=self._config.host,
            sock=line,
            local_hostname=sender.domain,
            timeout=self._patience.answering,
            use_tls=self._config.encryption == "implicit",
            start_tls=self._config.encryption == "starttls",
            tls_context=self._tls,
        )

    async def _envelope(
        self, server: aiosmtplib.SMTP, sender: str, recipient: str, size: int
    ) -> None:
        await server.ehlo()
        options = [f"SIZE={size}"] if server.supports_extension("size") else []
        encoding = "ascii"
        if not (sender + recipient).isascii():
            if not server.supports_extension("smtputf8"):
                raise _NoSuchAddresses(recipient)
            options.append("SMTPUTF8")
            encoding = "utf-8"
        await server.mail(sender, options=options, encoding=encoding)
        await server.rcpt(recipient, encoding=encoding)


class _NoSuchAddresses(aiosmtplib.SMTPRecipientRefused):
    def __init__(self, recipient: str) -> None:
        super().__init__(553, "no SMTPUTF8: addresses have letters of ASCII alone", recipient)


def _answered_to(email: Email, reply_to: str | None) -> Email:
    if email.reply_to or not reply_to:
        return email
    return replace(email, reply_to=reply_to)


def _failure(error: Exception, handing: _Handing, config: SmtpConfig) -> SendResult:
    if isinstance(error, Unreachable):
        return SendResult("later", error=str(error))
    if isinstance(error, aiosmtplib.SMTPResponseException):
        is_final = error.code == _TOO_LARGE or (
            error.code in _REFUSED and isinstance(error, _OF_THE_MESSAGE)
        )
        return SendResult(
            "failed" if is_final else "later",
            response=f"{error.code} {error.message}",
            error=_reason(error, config),
        )
    if handing.handed_over:
        return SendResult("later", error=_NOBODY_KNOWS, may_have_arrived=True)
    return SendResult("later", error=_reason(error, config))


def _reason(error: Exception, config: SmtpConfig) -> str:
    cause = error.__cause__ or error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"the TLS certificate of {config.host} cannot be trusted ({cause.verify_message})"
    if isinstance(cause, ssl.SSLError):
        return f"TLS failed: is {config.encryption} what port {config.port} speaks?"
    return next(
        (reason for kind, reason in _REASONS if isinstance(error, kind)),
        f"the mail server cannot be used: {error}",
    )


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()
