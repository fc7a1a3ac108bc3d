"""Topics that a caller may be told of: counts and dates of customers are not for everybody."""

from collections.abc import Collection

from api.http.request import ApiRequest
from domain.event_types import CUSTOMER_TOPICS, TOPICS


def told_of(request: ApiRequest, topics: Collection[str]) -> tuple[str, ...]:
    """Those of them that the caller may know of."""
    return tuple(topic for topic in topics if may_be_told_of(request, topic))


def may_be_told_of(request: ApiRequest, topic: str) -> bool:
    return request.reads_customers or topic not in CUSTOMER_TOPICS


def narrowed(request: ApiRequest, topics: Collection[str] | None = None) -> Collection[str] | None:
    """The same, where None means all there are."""
    if topics is None and request.reads_customers:
        return None
    return told_of(request, TOPICS if topics is None else topics)
