"""Emails: who is written to, and what a mail server is handed for it."""

import re
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from typing import Final

from email_validator import EmailNotValidError, validate_email

from delivery.messages.values import for_text

_KEY: Final = re.compile(r"[^A-Za-z0-9_.-]")
_NAMED: Final = re.compile(r"([^<>]*)<([^<>]+)>")


class BadAddress(ValueError):  # noqa: N818 (an answer to whoever wrote it)
    def __init__(self, address: str) -> None:
        super().__init__(f"{address!r} is not the address of a mailbox")


@dataclass(frozen=True)
class Mailbox:
    """``address`` as it stands in an envelope: its domain in ASCII."""

    address: str
    name: str = ""

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]

    @property
    def header(self) -> Address:
        local, _, domain = self.address.rpartition("@")
        return Address(display_name=self.name, username=local, domain=domain)


@dataclass(frozen=True)
class Email:
    """``key`` names the message for ever: sent again it is the same one, to whoever reads it.

    ``at`` is when it was to be sent first. ``unsubscribe_url`` is told where it is no receipt.
    """

    to: str
    subject: str
    text: str
    html: str | None
    key: str
    at: datetime
    to_name: str = ""
    from_name: str = ""
    reply_to: str | None = None
    unsubscribe_url: str | None = None


def mailbox_of(written: str, *, name: str = "") -> Mailbox:
    """Of ``Kente Shop <hello@shop.example>``, or of the address alone. Raises BadAddress."""
    named = _NAMED.fullmatch(_line(written))
    stated, address = named.groups() if named else ("", _line(written))
    try:
        found = validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise BadAddress(written) from None
    name = stated.strip().strip('"') or name
    return Mailbox(f"{found.local_part}@{found.ascii_domain}", _line(name))


def message_id_of(key: str, sender: Mailbox) -> str:
    return f"<{_KEY.sub('-', key)}@{sender.domain}>"


def message_of(email: Email, sender: Mailbox, recipient: Mailbox) -> EmailMessage:
    """The whole message: the same bytes for the same email."""
    message = EmailMessage(SMTP if recipient.address.isascii() else SMTPUTF8)
    message["From"] = sender.header
    message["To"] = recipient.header
    if email.reply_to:
        message["Reply-To"] = mailbox_of(email.reply_to).header
    message["Subject"] = _line(email.subject)
    message["Date"] = format_datetime(email.at)
    message["Message-ID"] = message_id_of(email.key, sender)
    # Who is away answers people, and no program.
    message["Auto-Submitted"] = "auto-generated"
    if email.unsubscribe_url:
        message["List-Unsubscribe"] = f"<{email.unsubscribe_url}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(email.text, cte="quoted-printable")
    if email.html:
        message.add_alternative(email.html, subtype="html", cte="quoted-printable")
        message.set_boundary(f"=_{_KEY.sub('', email.key)[:40]}_=")
    return message


def _line(text: str) -> str:
    return " ".join(for_text(text).split())
