"""A mail server: a real one that keeps what it is handed and misbehaves as it is told to."""

import asyncio
import email.policy
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.parser import BytesParser

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from background_loop import in_the_background

PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class Handed:
    """An envelope, and the message as a mail client reads it."""

    sender: str
    recipients: list[str]
    raw: bytes
    options: list[str]
    over_tls: bool

    @property
    def message(self) -> EmailMessage:
        return BytesParser(_class=EmailMessage, policy=email.policy.default).parsebytes(self.raw)


class MailServer:
    """``refuses``: what is answered to a recipient, by address.

    ``drops``: the line is dropped once the message was handed over; ``greets_after``: seconds.
    """

    def __init__(self) -> None:
        self.port = 0
        self.handed: list[Handed] = []
        self.logins: list[bytes] = []
        self.refuses: dict[str, str] = {}
        self.drops = False
        self.takes = True
        self.greets_after = 0.0

    async def handle_RCPT(  # noqa: N802 (as the library calls it)
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _: list[str]
    ) -> str:
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.takes:
            self.handed.append(
                Handed(
                    envelope.mail_from,
                    list(envelope.rcpt_tos),
                    envelope.original_content,
                    envelope.mail_options,
                    server.transport.get_extra_info("sslcontext") is not None,
                )
            )
        if self.drops:
            server.transport.abort()
        return "250 2.0.0 queued as 4F1C"

    def authenticate(self, _server, _session, _envelope, _mechanism, data) -> AuthResult:
        self.logins.append(data.login)
        return AuthResult(success=data.password == PASSWORD.encode(), handled=False)


class _Late(SMTP):
    async def _handle_client(self):
        try:
            await asyncio.sleep(self.event_handler.greets_after)
            await super()._handle_client()
        finally:
            # The library leaves it open, and says so when it is found as garbage.
            self._writer.close()


@contextmanager
def mail_server(
    *, starttls: ssl.SSLContext | None = None, tls: ssl.SSLContext | None = None, **options
) -> Iterator[MailServer]:
    mailbox = MailServer()
    spoken: list[SMTP] = []

    @asynccontextmanager
    async def serving(loop: asyncio.AbstractEventLoop) -> AsyncIterator[None]:
        def speak() -> SMTP:
            protocol = _Late(
                mailbox,
                hostname="mail.example",
                tls_context=starttls,
                authenticator=mailbox.authenticate,
                auth_require_tls=tls is None,
                loop=loop,
                **options,
            )
            spoken.append(protocol)
            return protocol

        server = await loop.create_server(speak, "127.0.0.1", 0, ssl=tls)
        mailbox.port = server.sockets[0].getsockname()[1]
        yield
        server.close()
        while spoken:
            _hang_up(spoken.pop())
        await asyncio.sleep(0.01)

    with in_the_background(serving, name="mail server"):
        yield mailbox


def _hang_up(protocol: SMTP) -> None:
    if protocol.transport is not None:
        protocol.transport.abort()
