"""The console beside the API, in the same application."""

from functools import partial

from starlette.responses import Response

from api.app import Service
from api.http.errors import no_such_route
from console import (
    changes,
    customers,
    invoices,
    links,
    live,
    payments,
    search,
    settings,
    subscriptions,
    system,
    webhooks,
    workflows,
    zones,
)
from console.assets import PLACE, Assets
from console.failures import failed
from console.overview import page as overview
from console.pages import Page
from console.routing import START, Console, PageRouter, console_router
from console.signing_in import account, login, revealing, sessions

_entrance = console_router()

_ROUTERS = (
    _entrance,
    login.router,
    revealing.router,
    account.router,
    sessions.router,
    live.router,
    overview.router,
    search.router,
    changes.router,
    zones.router,
    *customers.ROUTERS,
    *payments.ROUTERS,
    *links.ROUTERS,
    *subscriptions.ROUTERS,
    *invoices.ROUTERS,
    *webhooks.ROUTERS,
    *workflows.ROUTERS,
    *system.ROUTERS,
    *settings.ROUTERS,
)


def add_console(app: Service, *more: PageRouter) -> None:
    """Serves /console as well; what its pages show they ask of the same application."""
    assets = Assets()
    console = partial(Console, routers=(*_ROUTERS, *more), assets=assets)
    app.surround(console, start=START, failed=partial(failed, asset=assets.address))


@_entrance.get(PLACE + "{name}", for_strangers=True)
async def show_asset(page: Page, name: str) -> Response:
    found = page.assets.find(PLACE + name)
    if found is None:
        raise no_such_route(page.path)
    return found.answer(small=page.takes_gzip)
