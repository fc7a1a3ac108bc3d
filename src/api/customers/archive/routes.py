"""A person's data: all that is kept of one customer, as an archive."""

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Connection
from starlette.responses import Response

from api.customers.archive.source import Source
from api.customers.archive.whole import MEDIA_TYPE, archive_of, file_name
from api.customers.selector import CustomerRoutes, CustomerSelector
from api.http.errors import Unavailable
from api.http.request import ApiRequest
from api.http.routing import PRESENT_ONLY, needs
from api.http.streaming import Streamed
from commands.customers import take_customer_data

customer_routes = CustomerRoutes()

_DESCRIBED: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "A ZIP archive: `README.txt`, a table for each kind as CSV, `data.json`.",
        "content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}},
        "headers": {
            "Content-Disposition": {
                "description": "What to call the file.",
                "schema": {"type": "string"},
            }
        },
    }
}


@customer_routes.register(
    "GET",
    "/data",
    response_class=Response,
    responses=_DESCRIBED,
    dependencies=[needs("customers:export"), PRESENT_ONLY],
    external_doc="All that is kept of the customer the business itself calls so, as an archive.",
)
async def take_data(request: ApiRequest, customer: CustomerSelector) -> Response:
    """All that is kept of the customer, as an archive, for whoever asks to see their data.

    Also of a customer who was deleted: what was recorded of them is still there. That it was asked
    for is recorded (`customer.data_taken`).
    """
    request.must_export()
    customer_id = await _found(request, customer)
    ledger, book = request.dependencies.ledger, request.book
    now = request.dependencies.handler.clock

    async def record() -> None:
        # Views may have become late while others had their turn.
        await _found(request, customer)
        await request.perform(take_customer_data, customer_id, request.caller.id)

    def read(views: Connection, _book: str) -> Iterator[bytes]:
        return archive_of(Source(views, ledger, book, customer_id), now())

    headers = {"Content-Disposition": f'attachment; filename="{file_name(customer_id)}"'}
    return Streamed(request, read, media_type=MEDIA_TYPE, headers=headers, now=True, begin=record)


async def _found(request: ApiRequest, customer: CustomerSelector) -> str:
    """Whose data it is, deleted or not; refused while views are late."""
    known = await request.ask_at(None, customer.find_ever)
    if known.behind:
        raise Unavailable(
            "views_behind",
            "the views do not show yet what was recorded last: an archive would lack it",
            behind=known.behind,
        )
    return known.result
