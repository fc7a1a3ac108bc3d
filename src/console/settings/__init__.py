"""Settings: whose organization it is, which keys open it, and how it goes about things."""

from console.settings import (
    api_keys,
    integrations,
    organization,
    people,
    retry_policies,
    start,
    suppressions,
    templates,
)

ROUTERS = (
    start.router,
    organization.router,
    people.router,
    api_keys.router,
    templates.router,
    integrations.router,
    suppressions.router,
    retry_policies.router,
)
