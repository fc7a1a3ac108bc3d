"""Sections: the parts of the console, in their order, and which scopes their pages take."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Section:
    """``key``: what is pressed after g to go there."""

    name: str
    label: str
    key: str

    @property
    def path(self) -> str:
        return "/console" if self.name == "overview" else f"/console/{self.name}"


SECTIONS: Final = (
    Section("overview", "Overview", "o"),
    Section("customers", "Customers", "c"),
    Section("payments", "Payments", "p"),
    Section("links", "Links", "l"),
    Section("subscriptions", "Subscriptions", "s"),
    Section("invoices", "Invoices", "i"),
    Section("webhooks", "Webhooks", "w"),
    Section("workflows", "Workflows", "f"),
    Section("system", "System", "y"),
    Section("settings", "Settings", "t"),
)

# Of pages that begin so; whoever lacks one of these finds no link there.
_SCOPES: Final = {
    "customers": ("customers:read",),
    "payments": ("payments:read",),
    "links": ("payment_links:read",),
    "subscriptions": ("subscriptions:read",),
    "invoices": ("invoices:read",),
    "webhooks": ("webhooks:read",),
    "events": ("events:read",),
    "workflows": ("workflows:read",),
    "workflows/executions": ("customers:read",),
    "system": ("system:read",),
    "settings/organization": ("organization:read",),
    "settings/people": ("users:read",),
    "settings/keys": ("api_keys:read",),
    "settings/templates": ("workflows:read",),
    "settings/integrations": ("workflows:read",),
    "settings/suppressions": ("workflows:read", "customers:read"),
    "settings/retries": ("subscriptions:read",),
}


def scopes_of(path: str) -> Iterator[str]:
    """All of them are needed to see the page."""
    for place, scopes in _SCOPES.items():
        if f"{path}/".startswith(f"/console/{place}/"):
            yield from scopes
