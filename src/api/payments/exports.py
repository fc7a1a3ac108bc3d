"""All payments that fit a description, as a file: JSON, or a table for spreadsheets."""

import csv
import io
from collections.abc import Iterator
from itertools import islice
from typing import Annotated, Any, Literal

import orjson
from fastapi import Query
from sqlalchemy import Connection
from starlette.responses import Response

from api.bodies.payments import PaymentsExport, PaymentSummary
from api.http.request import ApiRequest
from api.http.routing import new_router
from api.http.streaming import Streamed
from api.payments.queries import READ, FilterPayments
from api.renderings import payments as rendering
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


def _export(request: ApiRequest, asked: ExportPayments) -> Response:
    wanted = asked.filter(request)

    def read(db: Connection) -> Iterator[dict[str, Any]]:
        listed = payment_export(db, request.book_name, wanted)
        return (rendering.of_listed(each, request.org_id) for each in listed)

    if asked.format == "json":
        return Streamed(request, lambda db: _json(read(db)), media_type="application/json")
    return Streamed(
        request,
        lambda db: _csv(read(db)),
        media_type="text/csv",
        headers={"Content-Disposition": 'attachment; filename="payments.csv"'},
    )


def _json(rows: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    total = 0
    opening = b'{"payments":['
    for step in _steps(rows):
        total += len(step)
        yield opening + b",".join(orjson.dumps(row) for row in step)
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
    if isinstance(value, dict):
        return orjson.dumps(value).decode()
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return value
