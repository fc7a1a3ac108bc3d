"""The query parameters `as_of`, `known_at` and `tz`, which every query of the views takes."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from api.http.errors import from_validation
from api.http.parsing import parse_query
from api.http.query_fields import Instant, time_zone
from projections.engine.time_travel.reader import Moment


class TimeTravel(BaseModel):
    """A moment that is still to come is the present, as is none."""

    as_of: Instant | None = None
    known_at: Instant | None = None
    tz: str | None = Field(None, description="IANA.")


def moment_in(query: bytes, now: datetime) -> Moment | None:
    """The moment a query string names; None for the present. Raises InvalidInput."""
    if not query:
        return None
    fields = parse_query(query)
    try:
        named = TimeTravel.model_validate(fields, context=time_zone(fields))
    except ValidationError as invalid:
        raise from_validation(invalid, fields) from None
    moment = Moment(_past(named.as_of, now), _past(named.known_at, now))
    return None if moment == Moment() else moment


def time_travel_parameters() -> list[dict[str, Any]]:
    """The three as the OpenAPI document names them, for every query."""
    fields = TimeTravel.model_json_schema()["properties"]
    return [
        {
            "name": name,
            "in": "query",
            "required": False,
            "schema": schema,
        }
        for name, schema in fields.items()
    ]


def _past(moment: datetime | None, now: datetime) -> datetime | None:
    return moment if moment is not None and moment < now else None
