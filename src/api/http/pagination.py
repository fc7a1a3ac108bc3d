"""Pagination of lists: limit and offset, or a cursor; and how a page is answered."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypedDict, TypeVar
from urllib.parse import parse_qsl, urlencode

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field
from starlette.responses import Response

from api.http.cursors import sealed
from api.http.query_fields import Whole, whole_number
from api.http.request import ApiRequest
from api.http.responses import answer
from projections.engine.querying.pages import BadCursor, Page

T = TypeVar("T")

Cursor = Annotated[
    str | None,
    Field(max_length=5000),
]


def up_to(most: int) -> Any:
    """The type of a ``limit``: at least 1, and silently no more than ``most``."""

    def clamp(limit: int) -> int:
        return min(limit, most)

    return Annotated[
        int,
        Field(ge=1, description=f"More than {most} counts as {most}."),
        BeforeValidator(whole_number),
        AfterValidator(clamp),
    ]


UpTo100 = up_to(100)
UpTo200 = up_to(200)


class Place(TypedDict):
    """Arguments of the queries of the views."""

    limit: int
    offset: int
    cursor: str | None


class PageRequest(BaseModel):
    """Which part of a list: what every list takes, beside its limit and what it is filtered by."""

    limit: int
    offset: Whole = 0
    cursor: Cursor = None

    @property
    def place(self) -> Place:
        offset = 0 if self.cursor else self.offset
        return {"limit": self.limit, "offset": offset, "cursor": self.cursor}


def page_of(rows: Sequence[T], query: PageRequest, name_of: Callable[[T], str]) -> Page[T]:
    """A page of a list that is at hand whole; its cursor is the name of the last row before it.

    Raises BadCursor for a name that is none of these.
    """
    first = query.offset
    if query.cursor:
        names = [name_of(row) for row in rows]
        if query.cursor not in names:
            raise BadCursor
        first = names.index(query.cursor) + 1
    last = first + query.limit
    more = last < len(rows)
    return Page(list(rows[first:last]), len(rows), name_of(rows[last - 1]) if more else None)


def list_answer(
    request: ApiRequest,
    name: str,
    page: Page[T],
    query: PageRequest,
    show: Callable[[T], Any],
    **more: Any,
) -> Response:
    """``{"<name>": […], "pagination": {…}}``."""
    shown = [show(row) for row in page.rows]
    return answer(
        more | {name: shown, "pagination": pagination(request, page, query.limit, query.offset)}
    )


def pagination(request: ApiRequest, page: Page[Any], limit: int, offset: int = 0) -> dict[str, Any]:
    return {
        "total": page.total,
        "total_is_exact": page.total_is_exact,
        "limit": limit,
        "offset": offset,
        "next_cursor": sealed(request, page.next_cursor),
    }


def array_answer(request: ApiRequest, page: Page[T], show: Callable[[T], Any]) -> Response:
    """An array, with total and next page in headers: clients exist that take nothing else."""
    response = answer([show(row) for row in page.rows])
    if page.total is not None:
        response.headers["X-Total-Count"] = str(page.total)
        if not page.total_is_exact:
            response.headers["Whence-Total-Is-Exact"] = "false"
    cursor = sealed(request, page.next_cursor)
    if cursor is not None:
        response.headers["Whence-Next-Cursor"] = cursor
        response.headers["Link"] = f'<{_next(request, cursor)}>; rel="next"'
    return response


def _next(request: ApiRequest, cursor: str) -> str:
    fields = parse_qsl(request.scope["query_string"].decode("latin-1"))
    kept = [(name, value) for name, value in fields if name not in {"offset", "cursor"}]
    return f"{request.scope['path']}?{urlencode([*kept, ('cursor', cursor)])}"
