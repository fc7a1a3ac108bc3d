"""What needs attention: how many of each kind wait for somebody, and where to look."""

from typing import Final, Literal

from pydantic import Field

from api.resources.shapes import Count, Moment, Shape

Kind = Literal[
    "parked_book",
    "open_disputes",
    "failed_invoices",
    "overdue_invoices",
    "failed_deliveries",
    "failing_endpoints",
    "disabled_endpoints",
]

# Whoever has the scope may know of it; the path is where what was counted is listed: of what is
# overdue, that which was to be paid before a moment.
PLACES: Final[dict[Kind, tuple[str, str]]] = {
    "parked_book": ("", "/v1/system"),
    "open_disputes": ("payments:read", "/v1/payments/disputes?status=open"),
    "failed_invoices": ("invoices:read", "/v1/invoices?status=failed"),
    "overdue_invoices": ("invoices:read", "/v1/invoices?status=due&due_before={due_before}"),
    "failed_deliveries": ("webhooks:read", "/v1/webhooks/outbound?status=failed"),
    "failing_endpoints": ("webhooks:read", "/v1/webhooks/endpoints"),
    "disabled_endpoints": ("webhooks:read", "/v1/webhooks/endpoints"),
}


class AttentionItem(Shape):
    """``since`` is when the first of them began to wait; null where none does."""

    kind: Kind
    count: Count
    count_is_exact: bool = Field(examples=[True])
    since: Moment | None
    path: str = Field(examples=["/v1/payments/disputes?status=open"])


class Attention(Shape):
    """Every kind that the key may read of, also where nothing waits."""

    total: Count
    items: list[AttentionItem]
