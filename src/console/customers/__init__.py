"""Pages of customers: the list, one of them, what their figures are made of, what may be done."""

from console.customers import charging, editing, explanations, list, profile, top  # noqa: A004 (a page is called as what it shows)

# What has a name of its own comes before those that are called by their id.
ROUTERS = (
    top.router,
    explanations.router,
    list.router,
    editing.router,
    charging.router,
    profile.router,
)
