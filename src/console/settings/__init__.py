"""Settings: whose organization it is, which keys open it, and how it goes about things."""

from console.settings import api_keys, organization, people, start

ROUTERS = (start.router, api_keys.router, organization.router, people.router)
