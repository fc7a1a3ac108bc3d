"""Payer details: what somebody said of themselves when they began a payment."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from domain.payer_details import PayerDetails
from projections.engine.folding.changes import Changes, Recorded
from projections.engine.folding.tables import first, key, view
from projections.engine.querying.records import record_from

payer_details = view(
    "payer_details",
    key("payment_id"),
    first("email"),
    first("phone"),
    first("name"),
    first("network"),
)


def fold(recorded: Recorded[PayerDetails.Given], changes: Changes) -> None:
    fact = recorded.fact
    changes.of(payer_details).merge((fact.payment_id,), **fact.personal, network=fact.network)


@dataclass(frozen=True, slots=True)
class Said:
    """A phone number is in E.164 form, or, where nobody can tell from where it is, as typed."""

    email: str | None
    phone: str | None
    name: str | None
    network: str | None


def payer_of(connection: Connection, book: str, payment_id: str) -> Said | None:
    """None where nothing was said."""
    columns = payer_details.c
    row = connection.execute(
        select(payer_details).where(columns.book == book, columns.payment_id == payment_id)
    ).first()
    return None if row is None else record_from(row, Said)


def payers_of(connection: Connection, book: str, payment_ids: Sequence[str]) -> dict[str, Said]:
    """By the payments, some hundreds of them; those with which nothing was said are left out."""
    columns = payer_details.c
    asked = select(payer_details).where(columns.book == book, columns.payment_id.in_(payment_ids))
    return {row.payment_id: record_from(row, Said) for row in connection.execute(asked)}
