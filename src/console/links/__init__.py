"""Pages of payment links: the list, one of them, its QR code and card, and changing it."""

from console.links import card, detail, editing, list  # noqa: A004 (a page is called as what it shows)

# What has a name of its own comes before those that are called by their id.
ROUTERS = (list.router, editing.router, card.router, detail.router)
