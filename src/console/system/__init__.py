"""The page of the store and the service: how they are, and what may be done about it."""

from console.system import page, working

ROUTERS = (page.router, working.router)
