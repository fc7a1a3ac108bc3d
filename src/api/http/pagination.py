"""Which part of a list? Limit and offset, or a cursor; and how a page is answered."""

import re
from collections.abc import Callable
from typing import Annotated, Any, TypeVar
from urllib.parse import parse_qsl, urlencode

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field
from starlette.responses import Response

from api.http.request import ApiRequest, answer
from api.renderings.values import pagination
from projections.engine.querying.pages import Page

T = TypeVar("T")

_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,30}")
_LARGEST = 2**63 - 1


def _whole(value: Any) -> Any:
    if isinstance(value, str) and not _WHOLE_NUMBER.fullmatch(value):
        raise ValueError("must be a whole number")
    return value


Whole = Annotated[int, Field(ge=0, le=_LARGEST), BeforeValidator(_whole)]
Cursor = Annotated[
    str | None,
    Field(max_length=4096, description="`next_cursor` of the page before; instead of `offset`."),
]


def up_to(most: int) -> Any:
    """The type of a ``limit``: at least 1, and silently no more than ``most``."""

    def clamp(limit: int) -> int:
        return min(limit, most)

    return Annotated[
        int,
        Field(ge=1, le=_LARGEST, description=f"More than {most} counts as {most}."),
        BeforeValidator(_whole),
        AfterValidator(clamp),
    ]


UpTo100 = up_to(100)
UpTo200 = up_to(200)


class Paged(BaseModel):
    """What every list takes beside its limit."""

    limit: int
    offset: Whole = 0
    cursor: Cursor = None

    @property
    def place(self) -> dict[str, Any]:
        """Arguments of the queries of the views."""
        return {"limit": self.limit, "offset": 0 if self.cursor else self.offset} | {
            "cursor": self.cursor
        }


def enveloped(
    name: str,
    page: Page[T],
    asked: Paged,
    render: Callable[[T], dict[str, Any]],
    **more: Any,
) -> Response:
    """``{"<name>": […], "pagination": {…}}``."""
    return answer(
        more
        | {
            name: [render(row) for row in page.rows],
            "pagination": pagination(
                total=page.total,
                total_is_exact=page.total_is_exact,
                limit=asked.limit,
                offset=asked.offset,
                next_cursor=page.next_cursor,
            ),
        }
    )


def bare(request: ApiRequest, page: Page[T], render: Callable[[T], dict[str, Any]]) -> Response:
    """An array, with total and next page in headers: clients exist that take nothing else."""
    response = answer([render(row) for row in page.rows])
    if page.total is not None:
        response.headers["X-Total-Count"] = str(page.total)
        if not page.total_is_exact:
            response.headers["Whence-Total-Is-Exact"] = "false"
    if page.next_cursor is not None:
        response.headers["Whence-Next-Cursor"] = page.next_cursor
        response.headers["Link"] = f'<{_next(request, page.next_cursor)}>; rel="next"'
    return response


def _next(request: ApiRequest, cursor: str) -> str:
    asked = parse_qsl(request.scope["query_string"].decode("latin-1"))
    kept = [(name, value) for name, value in asked if name not in {"offset", "cursor"}]
    return f"{request.scope['path']}?{urlencode([*kept, ('cursor', cursor)])}"
