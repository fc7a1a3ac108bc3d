"""Pages of subscriptions: the list, one of them, a new one, and what may be done."""

from console.subscriptions import actions, detail, list, new  # noqa: A004 (a page is called as what it shows)

# What has a name of its own comes before those that are called by their id.
ROUTERS = (list.router, new.router, detail.router, actions.router)
