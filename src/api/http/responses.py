"""JSON answers: moments are RFC 3339 with Z, microseconds only when there are any."""

from typing import Any, Final

import orjson
from starlette.responses import Response

JSON: Final = "application/json"


class Json(Response):
    """An answer whose text is ready: nothing of it is looked at again."""

    def __init__(self, text: bytes, status: int) -> None:
        self.status_code = status
        self.body = text
        self.background = None
        self.raw_headers = [
            (b"content-length", b"%d" % len(text)),
            (b"content-type", JSON.encode()),
        ]


def to_json(value: Any) -> bytes:
    """JSON text of plain values, dataclasses, and moments in UTC."""
    return orjson.dumps(value, option=orjson.OPT_UTC_Z)


def answer(body: Any, status: int = 200) -> Response:
    return Json(to_json(body), status)
