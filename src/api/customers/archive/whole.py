"""The whole archive of a customer: its parts, the words before them, and what begins the JSON."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from textwrap import fill
from typing import Final

from api.customers.archive.actions import Actions
from api.customers.archive.bought import bought_parts
from api.customers.archive.figures import figures_part
from api.customers.archive.identity import identity_parts, now_of
from api.customers.archive.messages import messages_part
from api.customers.archive.payers import WITHHELD, OwnDetails
from api.customers.archive.receivers import receiver_parts
from api.customers.archive.recorded import recorded_part
from api.customers.archive.source import Source
from api.customers.archive.zipped import WHOLE, Part, zipped
from projections.engine.folding.checkpoints import Checkpoint, read_checkpoints

MEDIA_TYPE: Final = "application/zip"

_WIDE: Final = 78
_BEFORE: Final = """\
ALL THAT IS KEPT ABOUT YOU

This archive was made on {made_at}, of customer {customer_id}
of organization {org_id} ({mode} mode). It shows what had been recorded by then.
"""
_AFTER: Final = """\
HOW TO READ IT

Times are in UTC, in the form 2026-11-28T14:05:00.123456Z.

Amounts are whole numbers in the smallest unit of their currency (pesewas, cents);
beside each, in a column that ends in _written, stands how people write it.

In tables, a text that a spreadsheet would take for a formula begins with a quote (').
{whole} has it as it is.

What a row comes from is said by position and topic: the fact in the organization's
book that it was read from. actor, key_id and request_id say who had it recorded: a
person or a program of the organization, by the id that it is known by there.

WHAT IS NOT IN IT, AND WHY

- What emails and text messages said, and what was sent to receivers: it is not kept.
- Names, addresses and numbers that were typed when something was paid, and were never
  known to be yours: they may be somebody else's who paid, and stand as {withheld}. So
  does what was answered beside them on the page of a link.
- What receivers answered: it is theirs, and may speak of others.
- Whole addresses of receivers: they may hold what lets somebody in.
- Names of people who work at the organization: they stand as ids.
- Attempts to tell receivers that were forgotten: they are kept for a while only.
- Who read lists and pages, or the stream of events, at the organization: reading is
  not recorded, but where seen_by.csv says so.
- Pages that were opened to pay: of these no more is kept than the payment.
- Answers to the organization's own programs, which are kept for a day so that nothing
  is done twice: they repeat what is in here.
- Backups and copies that the organization makes, and what it knows elsewhere.
"""


def archive_of(source: Source, now: datetime) -> Iterator[bytes]:
    """The archive as it is sent, piece by piece: all of one moment of the views."""
    own, actions = OwnDetails(source), Actions(source)
    parts = [
        *identity_parts(source),
        *bought_parts(source, own),
        figures_part(source),
        messages_part(source, actions),
        *receiver_parts(source, actions),
        recorded_part(source, own),
    ]
    book = source.book_of
    shown = read_checkpoints(source.views, [source.book]).get(source.book, Checkpoint())
    head = {
        "organization": book.org_id,
        "mode": book.mode,
        "made_at": now,
        "position": shown.position,
        "customer": now_of(source.customer()),
    }
    return zipped(_readme(source, parts, now), head, parts, now=now)


def file_name(customer_id: str) -> str:
    return f"{customer_id}.zip"


def _readme(source: Source, parts: Sequence[Part], now: datetime) -> str:
    book = source.book_of
    before = _BEFORE.format(
        made_at=f"{now:%d %B %Y at %H:%M} UTC",
        customer_id=source.customer_id,
        org_id=book.org_id,
        mode=book.mode,
    )
    files = [
        (WHOLE, "all of the tables below in one file, for programs, and who you are now"),
        *((part.file, part.about) for part in parts),
    ]
    told = "\n".join(_file(name, about) for name, about in files)
    return "\n".join(
        (before, "WHAT THE FILES ARE", "", told, "", _AFTER.format(whole=WHOLE, withheld=WITHHELD))
    )


def _file(name: str, about: str) -> str:
    return fill(f"{name}: {about}.", _WIDE, initial_indent="- ", subsequent_indent="  ")
