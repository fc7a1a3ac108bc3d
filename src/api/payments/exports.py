"""Export of payments as a file: JSON, or CSV for spreadsheets."""

import csv
import io
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Annotated, Any, Literal

from fastapi import Query
from sqlalchemy import Connection
from starlette.responses import Response

from api.http.request import ApiRequest
from api.http.responses import to_json
from api.http.routing import new_router
from api.http.streaming import Streamed
from api.payments.queries import READ, FilterPayments
from api.resources.customer_secrecy import told
from api.resources.payments import PaymentsExport, PaymentSummary, listed_payment_of
from projections.payment_list import EXPORT_STEP, payment_export

router = new_router("payments")


class ExportPayments(FilterPayments):
    format: Literal["json", "csv"] = "json"


_EXPORT: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {"text/csv": {"schema": {"type": "string"}}},
        "headers": {
            "Content-Disposition": {
                "description": "What to call the file; with CSV only.",
                "schema": {"type": "string"},
            }
        },
    }
}


@router.get(
    "/v1/payments/export", response_model=PaymentsExport, responses=_EXPORT, dependencies=[READ]
)
async def export_payments(
    request: ApiRequest, query: Annotated[ExportPayments, Query()]
) -> Response:
    """Every payment that fits, as JSON or CSV."""
    return _export(request, query)


@router.get(
    "/v1/exports/payments", response_model=PaymentsExport, responses=_EXPORT, dependencies=[READ]
)
async def export_payments_too(
    request: ApiRequest, query: Annotated[ExportPayments, Query()]
) -> Response:
    """The same at its newer place."""
    return _export(request, query)


def _export(request: ApiRequest, query: ExportPayments) -> Response:
    conditions, org_id = query.filter(request), request.org_id

    def read(db: Connection, book: str) -> Iterator[dict[str, Any]]:
        found = payment_export(db, book, conditions)
        return (told(request, listed_payment_of(each, org_id)) for each in found)

    if query.format == "json":
        return Streamed(
            request, lambda db, book: _json(read(db, book)), media_type="application/json"
        )
    return Streamed(
        request,
        lambda db, book: _csv(read(db, book)),
        media_type="text/csv",
        headers={"Content-Disposition": 'attachment; filename="payments.csv"'},
    )


def _json(rows: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    total = 0
    opening = b'{"payments":['
    for step in _steps(rows):
        total += len(step)
        yield opening + b",".join(to_json(row) for row in step)
        opening = b","
    yield (b"" if total else opening) + b'],"total":%d}' % total


def _csv(rows: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(PaymentSummary.model_fields))
    writer.writeheader()
    yield text.getvalue().encode()
    for step in _steps(rows):
        text.seek(0)
        text.truncate()
        writer.writerows({name: _cell(value) for name, value in row.items()} for row in step)
        yield text.getvalue().encode()


def _steps(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    while step := list(islice(rows, EXPORT_STEP)):
        yield step


def _cell(value: Any) -> Any:
    """Spreadsheets take a text that begins like a formula for one, unless a quote stops them."""
    if isinstance(value, dict | datetime):
        return to_json(value).decode().strip('"')
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return value
