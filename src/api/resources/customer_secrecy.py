"""Secrecy of customers: of whoever may not read them, an answer holds the fields and no values."""

from collections.abc import Collection
from typing import Any, Final

from api.http.customer_fields import without_customers
from api.http.errors import insufficient_scope
from api.http.request import READS_CUSTOMERS, ApiRequest
from api.resources.customers import Identity

_UNSAID: Final[dict[str, Any]] = {
    **dict.fromkeys(("external_id", "email", "phone", "name")),
    "tags": [],
    "metadata": {},
}


def told(request: ApiRequest, body: dict[str, Any]) -> dict[str, Any]:
    """An answer to a question as this caller may see it."""
    return body if request.reads_customers else without_customers(body)


def only_what_was_said(
    request: ApiRequest, customer: dict[str, Any], said: Collection[str]
) -> dict[str, Any]:
    """A customer that was changed: who only writes customers is told whom, and their own words."""
    if request.reads_customers:
        return customer
    unsaid = {name: empty for name, empty in _UNSAID.items() if name not in said}
    return {name: customer[name] for name in Identity.model_fields} | unsaid


def may_ask_for(request: ApiRequest, customer_id: str | None) -> None:
    """Refuses a question about one customer: whether there is an answer tells who is one."""
    if customer_id is not None and not request.reads_customers:
        raise insufficient_scope(READS_CUSTOMERS)
