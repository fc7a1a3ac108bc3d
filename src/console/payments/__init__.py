"""Pages of payments: the list, one of them, refunds and disputes, and what may be done."""

from console.payments import actions, detail, explanation, list, refunds_and_disputes  # noqa: A004 (a page is called as what it shows)

# What has a name of its own comes before those that are called by their id.
ROUTERS = (
    list.router,
    refunds_and_disputes.router,
    explanation.router,
    detail.router,
    actions.router,
)
