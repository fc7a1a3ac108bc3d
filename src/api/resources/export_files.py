"""Files of exports: JSON, or CSV for spreadsheets; written on while they are sent."""

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import is_dataclass
from datetime import datetime
from itertools import islice
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import BaseModel, Field
from sqlalchemy import Connection
from starlette.responses import Response

from api.http.query_fields import AtLeastOne
from api.http.request import ApiRequest
from api.http.responses import to_json
from api.http.streaming import Streamed, StreamedNow
from api.resources.shapes import Shape
from projections.engine.querying.pages import EXPORT_STEP

T = TypeVar("T")

AtMost = Annotated[AtLeastOne, Field(description="Left out: all of them.")]
Rows = Callable[[Connection, str], Iterator[dict[str, Any]]]

DESCRIBED: Final[dict[int | str, dict[str, Any]]] = {
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

_BYTE_ORDER_MARK = "\ufeff"
# The sign of a formula, also a full-width one, behind whatever a spreadsheet passes over; and what
# begins another cell or line for some of them.
_FORMULA = re.compile(
    "[\\s\x00-\x20\x7f-\xa0\xad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]*"
    "[=+\\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]"
)


class ExportFile(BaseModel):
    format: Literal["json", "csv"] = "json"
    bom: bool = False
    limit: AtMost | None = None

    def of(self, request: ApiRequest, name: str, shape: type[Shape], rows: Rows) -> Response:
        """The file of all rows, each of that shape, as of one moment; it is called by the name."""

        def read(db: Connection, book: str) -> Iterator[bytes]:
            return self._written(name, shape, rows(db, book))

        return Streamed(request, read, **self._described(name))

    def of_now(
        self, request: ApiRequest, name: str, shape: type[Shape], rows: Iterator[dict[str, Any]]
    ) -> Response:
        """The same of what is no view."""
        parts = self._written(name, shape, rows)
        return StreamedNow(request, parts, **self._described(name))

    def _written(
        self, name: str, shape: type[Shape], rows: Iterator[dict[str, Any]]
    ) -> Iterator[bytes]:
        some = islice(rows, self.limit)
        if self.format == "json":
            return _json(name, some)
        return _csv(list(shape.model_fields), some, marked=self.bom)

    def _described(self, name: str) -> dict[str, Any]:
        if self.format == "json":
            return {"media_type": "application/json"}
        headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
        return {"media_type": "text/csv", "headers": headers}


def _json(name: str, rows: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    total = 0
    opening = b'{"%s":[' % name.encode()
    for step in batched(rows):
        total += len(step)
        yield opening + b",".join(to_json(row) for row in step)
        opening = b","
    yield (b"" if total else opening) + b'],"total":%d}' % total


def _csv(fields: list[str], rows: Iterator[dict[str, Any]], *, marked: bool) -> Iterator[bytes]:
    lines = CsvLines(fields)
    yield (_BYTE_ORDER_MARK if marked else "").encode() + lines.first
    for step in batched(rows):
        yield lines.of(step)


class CsvLines:
    """Rows as lines for spreadsheets, of these columns; ``first`` names them."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._text = io.StringIO()
        self._writer = csv.DictWriter(self._text, fieldnames=columns)
        self._writer.writeheader()
        self.first: Final = self._taken()

    def of(self, rows: Sequence[Mapping[str, Any]]) -> bytes:
        self._writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
        return self._taken()

    def _taken(self) -> bytes:
        text = self._text.getvalue()
        self._text.seek(0)
        self._text.truncate()
        return text.encode()


def batched(rows: Iterator[T]) -> Iterator[list[T]]:
    """EXPORT_STEP of them at a time."""
    while step := list(islice(rows, EXPORT_STEP)):
        yield step


def _cell(value: Any) -> Any:
    """Spreadsheets take a text that begins like a formula for one, unless a quote stops them."""
    if isinstance(value, dict | list | datetime) or is_dataclass(value):
        return to_json(value).decode().strip('"')
    if isinstance(value, str) and _FORMULA.match(value):
        return f"'{value}"
    return value
