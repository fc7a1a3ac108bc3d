"""Which events somebody asks for, and who may."""

from pydantic import BaseModel, Field
from sqlalchemy import Connection

from api.http.errors import InvalidInput, insufficient_scope
from api.http.request import READS_CUSTOMERS, ApiRequest
from api.resources.filter_types import TagList
from commands.fields import Text
from delivery.feed import EventFilter
from domain.event_types import TYPES, topics_of, types_wanted
from projections.customers import customer_id_meant


class FilterEvents(BaseModel):
    """``customer_id`` may be the merchant's own, or an e-mail address."""

    types: TagList = Field(
        default_factory=list,
        description="Events (`payment.updated`), types (`payment.succeeded`), or the beginning of "
        "either (`payment.*`), repeated or separated by commas; none: all of them.",
        examples=[["payment.succeeded", "customer.*"]],
    )
    customer_id: Text | None = None

    def wanted(self, db: Connection, book: str) -> EventFilter:
        """Raises InvalidInput for a name that no event has."""
        for name in self.types:
            if not types_wanted([name]):
                raise InvalidInput("types", f"no event is called {name}: {', '.join(TYPES)}")
        named = self.customer_id
        return EventFilter(
            topics_of(types_wanted(self.types)),
            named and customer_id_meant(db, book, named),
        )


def must_read_customers(request: ApiRequest) -> None:
    """Nearly every event is about a customer, and tells who they are."""
    if not request.reads_customers:
        raise insufficient_scope(READS_CUSTOMERS)
