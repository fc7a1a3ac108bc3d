"""Pages of invoices: the list, one of them, a sheet that is printed, and what may be done."""

from console.invoices import actions, detail, list  # noqa: A004 (a page is called as what it shows)

ROUTERS = (list.router, detail.router, actions.router)
