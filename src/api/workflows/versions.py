"""Versions of workflows and templates: what one said when a message was written by it."""

import asyncio
from typing import Annotated, TypeVar

from pydantic import BaseModel, Field

from api.http.request import ApiRequest
from delivery.workflows.past import Past
from domain.fact import Entity

E = TypeVar("E", bound=Entity)


class AskedVersion(BaseModel):
    version: Annotated[int, Field(ge=1, lt=2**31)] | None = None


async def as_of_version(request: ApiRequest, kind: type[E], stream: str, version: int) -> E:
    """One that was removed since is told all the same. Raises NotFound."""
    past, book = Past(request.dependencies.ledger), request.book_name
    found = await asyncio.to_thread(past.at_version, kind, book, stream, version)
    if found is None:
        raise kind.not_found(stream)
    return found
