"""User activity: when somebody signed in, and which customers they asked to see or took away."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Final

import orjson
from fastapi import Query
from starlette.responses import Response

from api.http.errors import insufficient_scope
from api.http.pagination import PageRequest, UpTo100, list_answer
from api.http.request import READS_CUSTOMERS, ApiRequest
from api.http.routing import PRESENT_ONLY, new_router
from api.resources.users import UserAct, UserActivity
from api.users import READ, must_have_been_there
from domain.console_session import ConsoleSession
from domain.customer import Customer
from ledger.facts import StoredFact
from ledger.ledger import Ledger
from projections.customers import with_customer_names
from projections.engine.querying.pages import BadCursor, Page

query_router = new_router("people")

# Which part of each of these facts says who did it.
_BY: Final = {
    ConsoleSession.Began.TOPIC: "user_id",
    Customer.Revealed.TOPIC: "user_id",
    Customer.DataTaken.TOPIC: "asked_by",
}
# No index leads to them: so many positions are looked through at once, and for one page.
_STEP: Final = 50_000
_FURTHEST: Final = 1_000_000


class ListActivity(PageRequest):
    limit: UpTo100 = 20


@dataclass(frozen=True)
class _Act:
    """``customer_id``: of whom it is about, if of anybody."""

    stored: StoredFact
    data: Mapping[str, Any]

    @property
    def customer_id(self) -> str | None:
        return self.stored.stream if self.stored.topic.startswith(Customer.TOPIC) else None


@query_router.get(
    "/v1/users/{user_id}/activity",
    response_model=UserActivity,
    dependencies=[READ, PRESENT_ONLY],
)
async def list_user_activity(
    request: ApiRequest, user_id: str, query: Annotated[ListActivity, Query()]
) -> Response:
    """When they signed in, and whose covered name, or data, they asked for; the last first.

    Of the mode of the key, in which nobody signs in to test mode by itself: signing in is told in
    live mode. Where there is very much else, a page may have nothing and go on all the same. Also
    of whoever has no account any more. While views are rebuilt, names are left out.
    """
    await must_have_been_there(request, user_id)
    if not request.reads_customers:
        raise insufficient_scope(READS_CUSTOMERS)
    find = partial(_page, request.dependencies.ledger, request.book_name, user_id, query)
    page = await asyncio.to_thread(find)
    named = await request.ask_shortly(
        request.book_name, lambda db, book: [*with_customer_names(db, book, page.rows)]
    )
    rows = named.result if named else [(act, None) for act in page.rows]
    return list_answer(request, "activity", page.showing(rows), query, lambda row: _told(*row))


def _page(ledger: Ledger, book: str, user_id: str, query: ListActivity) -> Page[_Act]:
    upto = _position(query.cursor) if query.cursor else ledger.head(book)
    end, skipped = max(upto - _FURTHEST, 0), 0 if query.cursor else query.offset
    found: list[_Act] = []
    while upto > end and len(found) <= skipped + query.limit:
        after = max(upto - _STEP, end)
        facts = ledger.read_last_of_topics(book, _BY, after=after, upto=upto, limit=_STEP)
        found += filter(None, (_by(user_id, each) for each in reversed(facts)))
        upto = after
    rows = found[skipped : skipped + query.limit]
    if len(found) > skipped + query.limit:
        upto = rows[-1].stored.position - 1
    return Page(rows, None, str(upto) if upto else None)


def _by(user_id: str, stored: StoredFact) -> _Act | None:
    data = orjson.loads(stored.data)
    return _Act(stored, data) if data[_BY[stored.topic]] == user_id else None


def _position(cursor: str) -> int:
    if not cursor.isdecimal():
        raise BadCursor
    return int(cursor)


def _told(act: _Act, customer_name: str | None) -> dict[str, Any]:
    return UserAct.of(
        act.stored,
        customer_id=act.customer_id,
        customer_name=customer_name,
        device=act.data.get("device"),
    )
