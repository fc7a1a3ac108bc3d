"""The ASGI application: commands, queries, or both."""

from collections.abc import Callable
from typing import Any, Literal

from fastapi import FastAPI
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Receive, Scope, Send

from api import (
    api_keys,
    attention,
    changes,
    checkout,
    command_line,
    explanations,
    facts,
    invoices,
    organization,
    retry_policies,
    subscriptions,
    unsubscribing,
    user_activity,
    users,
)
from api.customers import billing as customer_billing
from api.customers import commands as customer_commands
from api.customers import consents as customer_consents
from api.customers import exports as customer_exports
from api.customers import facts as customer_facts
from api.customers import history as customer_history
from api.customers import queries as customer_queries
from api.customers.archive import routes as customer_archive
from api.events import queries as event_queries
from api.events import stream as event_stream
from api.http.authentication import Authentication
from api.http.cors import CrossOrigin
from api.http.dependencies import Dependencies
from api.http.errors import ApiError, method_not_allowed, no_such_route
from api.http.middleware import RequestMiddleware
from api.http.rate_limits import RateLimit
from api.http.request import ApiRequest
from api.http.request_state import FailurePages, RequestState
from api.http.responses import answer
from api.http.routing import Dispatcher, Operation, for_browsers, new_router
from api.http.turnstile import Turnstile
from api.payment_links import commands as payment_link_commands
from api.payment_links import pages as pay_pages
from api.payment_links import payment_pages, refusal_pages
from api.payment_links import queries as payment_link_queries
from api.payments import commands as payment_commands
from api.payments import exports as payment_exports
from api.payments import queries as payment_queries
from api.payments import receipts as payment_receipts
from api.payments import statistics as payment_statistics
from api.reference import routes as reference
from api.reference.document import DocumentText
from api.resources.health import Health
from api.system import commands as system_commands
from api.system import queries as system_queries
from api.webhooks import config as webhook_config
from api.webhooks import endpoints as webhook_endpoints
from api.webhooks import outbound as webhook_outbound
from api.webhooks import previews as webhook_previews
from api.webhooks import resending as webhook_resending
from api.webhooks import testing as webhook_testing
from api.workflows import backtests as workflow_backtests
from api.workflows import executions as workflow_executions
from api.workflows import history as workflow_history
from api.workflows import integrations as workflow_integrations
from api.workflows import previews as template_previews
from api.workflows import rules as workflow_rules
from api.workflows import suppressions as workflow_suppressions
from api.workflows import templates as workflow_templates
from api.workflows import trying as workflow_trying

Only = Literal["commands", "queries"] | None

_DESCRIPTION = (
    "Customers, payments, and where they came from. Amounts are integers in the currency's minor "
    "unit, moments RFC 3339 in UTC. The key decides organization and mode. In a body an unknown "
    "field is ignored, null and an empty text say no more than leaving a field out, but an empty "
    "text is no number; a name that is there twice, and a number that cannot be kept to the last "
    "digit (64 bits, or 17 digits with a fraction), are refused: send it as text."
)

_SUBJECTS = {
    "payments": "Money that is asked for, taken, given back and disputed; lists, figures, files.",
    "customers": "Who pays: by the id that Whence gave, or by the merchant's own.",
    "payment links": "Terms with a page on which anybody pays, and what each link brought.",
    "checkout": "Sessions in which a payer's browser makes one payment.",
    "subscriptions": "Plans that customers pay period after period.",
    "invoices": "What each period of a subscription asks for.",
    "retry policies": "When a failed payment of a subscription is tried again.",
    "webhooks": "Who is told what happens, how that went, and what is told again.",
    "workflows": "What follows when something happens: messages, tags, calls to others.",
    "events": "What happened, in the order in which it was recorded; to be read on as it happens.",
    "organization": "Whose key it is: its settings, in the mode of the key.",
    "attention": "What waits for somebody: disputes, invoices, deliveries and books.",
    "explanations": "The facts that add up to a figure, so that nobody has to believe it.",
    "API keys": "Keys of the organization, in the mode of the key that asks.",
    "people": "Who signs in to the console, and what they may; with live keys.",
    "command line": "What the `reevit` command asks for before it listens and tries things out.",
    "system": "The store as a whole: how it is, rebuilding its views, proving it sound.",
    "service": "Whether the service is there, and ready: for those who run it.",
}

# Commands first: the path every payment takes is found soonest.
_COMMANDS = (
    payment_commands.router,
    payment_receipts.command_router,
    customer_commands.router,
    customer_commands.customer_routes.by_id,
    customer_commands.customer_routes.by_external_id,
    customer_consents.command_routes.by_id,
    customer_consents.command_routes.by_external_id,
    payment_link_commands.router,
    checkout.router,
    pay_pages.router,
    payment_pages.router,
    unsubscribing.router,
    subscriptions.command_router,
    invoices.command_router,
    retry_policies.command_router,
    workflow_rules.command_router,
    workflow_backtests.router,
    template_previews.router,
    workflow_templates.command_router,
    workflow_integrations.command_router,
    workflow_trying.router,
    api_keys.command_router,
    users.command_router,
    command_line.command_router,
    organization.command_router,
    webhook_config.command_router,
    webhook_previews.router,
    webhook_endpoints.command_router,
    webhook_testing.router,
    webhook_resending.router,
    system_commands.router,
)
_QUERIES = (
    # Before the events, one of which would be called "stream".
    event_stream.router,
    event_queries.router,
    # Before the customers, one of whom would be called "top".
    explanations.router,
    facts.router,
    customer_exports.router,
    customer_queries.router,
    customer_queries.customer_routes.by_external_id,
    customer_queries.customer_routes.by_id,
    customer_billing.customer_routes.by_external_id,
    customer_billing.customer_routes.by_id,
    customer_facts.customer_routes.by_external_id,
    customer_facts.customer_routes.by_id,
    customer_archive.customer_routes.by_external_id,
    customer_archive.customer_routes.by_id,
    customer_history.customer_routes.by_external_id,
    customer_history.customer_routes.by_id,
    customer_consents.query_routes.by_external_id,
    customer_consents.query_routes.by_id,
    attention.router,
    changes.router,
    payment_statistics.router,
    payment_exports.router,
    payment_receipts.query_router,
    payment_queries.router,
    payment_link_queries.router,
    subscriptions.query_router,
    invoices.query_router,
    retry_policies.query_router,
    workflow_rules.query_router,
    workflow_history.router,
    workflow_templates.query_router,
    workflow_integrations.query_router,
    workflow_executions.query_router,
    workflow_suppressions.query_router,
    api_keys.query_router,
    users.query_router,
    user_activity.query_router,
    command_line.query_router,
    organization.query_router,
    webhook_config.query_router,
    webhook_endpoints.query_router,
    webhook_outbound.router,
    system_queries.router,
)

_about = new_router("service")


class Service(FastAPI):
    """Routes, with nothing around them but the request middleware.

    What else FastAPI puts there (a second catch of errors and a limit of bodies, which the
    middleware has, and telemetry, which nobody reads) would cost every request. What is no
    operation of ours goes the way of FastAPI: what is refused for its path or method.
    """

    def __init__(self, **declared: Any) -> None:
        super().__init__(**declared)
        self.failure_pages: dict[str, FailurePages] = {"/pay/": refusal_pages.failed}

    def surround(
        self, layer: Callable[[ASGIApp], ASGIApp], *, start: str, failed: FailurePages
    ) -> None:
        """Lets a layer around all routes serve the paths that begin so, of which it may ask others.

        The request middleware stays around both: ``failed`` shows what went wrong on these paths.
        """
        self.user_middleware.append(Middleware(layer))
        self.failure_pages[start] = failed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.middleware_stack is None:
            self.middleware_stack = self.build_middleware_stack()
        scope["app"] = self
        await self.middleware_stack(scope, receive, send)

    def build_middleware_stack(self) -> ASGIApp:
        others = AsyncExitStackMiddleware(self.router)
        stack: ASGIApp = Dispatcher(
            [route for route in self.routes if isinstance(route, Operation)],
            ExceptionMiddleware(others, handlers=self.exception_handlers),
        )
        for layer in reversed(self.user_middleware):
            stack = layer.cls(stack, *layer.args, **layer.kwargs)
        return stack


def create_app(dependencies: Dependencies, *, only: Only = None) -> Service:
    """An ASGI application; ``only`` serves one half of it. More routes may be added to it."""
    app = Service(
        title="Whence",
        version=dependencies.version,
        description=_DESCRIPTION,
        openapi_tags=[{"name": name, "description": says} for name, says in _SUBJECTS.items()],
        servers=[{"url": "/", "description": "The server that this document is from."}],
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        exception_handlers={HTTPException: _http_error},
    )
    app.state.dependencies = dependencies
    app.state.document = DocumentText(app)
    commands = _COMMANDS if only != "queries" else ()
    queries = _QUERIES if only != "commands" else ()
    for router in (*commands, *queries, _about, reference.router):
        app.router.routes.extend(router.routes)
    app.add_middleware(
        RequestMiddleware,
        request_id=dependencies.request_id or (lambda: dependencies.handler.ids.new("req")),
        turnstile=Turnstile(
            Authentication(
                dependencies.directory, dependencies.viewers, dependencies.handler.clock
            ),
            per_key=RateLimit(dependencies.rate_limit_per_key),
            per_address=RateLimit(dependencies.rate_limit_public),
        ),
        cross_origin=CrossOrigin(dependencies.cors_origins, dependencies.directory, app.routes),
        metrics=dependencies.metrics,
        log=dependencies.log,
        store=dependencies.store,
        failure_pages=app.failure_pages,
    )
    return app


@_about.get("/healthz", response_model=Health, dependencies=[for_browsers()])
async def health(request: ApiRequest) -> Response:  # noqa: ARG001 (nothing is asked)
    """Whether the process answers at all."""
    return answer({"status": "ok"})


async def _http_error(request: Request, error: Exception) -> Response:
    """What the routing itself refuses: an unknown path, or a method the path does not know."""
    assert isinstance(error, HTTPException)  # noqa: S101 (registered for nothing else)
    return RequestState.of(request.scope).shown(_answer_of(request, error))


def _answer_of(request: Request, error: HTTPException) -> ApiError:
    if error.status_code == 405:  # noqa: PLR2004 (the status itself)
        allowed = _allowed(request)
        return method_not_allowed(request.method, ", ".join(allowed))
    return no_such_route(request.url.path)


def _allowed(request: Request) -> list[str]:
    routes: list[BaseRoute] = request.app.routes
    found: set[str] = set()
    for route in routes:
        if route.matches(request.scope)[0] != Match.NONE:
            found |= set(getattr(route, "methods", None) or ())
    return sorted(found)
