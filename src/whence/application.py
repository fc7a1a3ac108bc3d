"""Application assembly: what one process of `whence serve` runs.

The API over ledger and views with the console and, unless that is left to others, folding and
billing.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import structlog
from starlette.types import ASGIApp

from api.app import create_app
from api.http.dependencies import Dependencies
from api.http.system_parts import SystemParts
from api.resources.event_data import data_of
from commands.directory import Directory
from commands.handling.handler import CommandHandler
from commands.link_views import LinkViews, summing_up
from console.app import add_console
from delivery.feed import Feed
from delivery.streams import Streams
from ledger.clock import Clock
from ledger.ledger import Ledger
from ledger.processes import Kind
from projections.engine.live.reader import Views
from projections.engine.time_travel.reader import PastReader
from projections.engine.time_travel.table_reader import TableReader
from projections.facts_about import of_names
from projections.figures_as_of import PAST
from projections.read_models import DEFINITIONS
from whence import __version__
from whence.billing_worker import BillingWorker, billing
from whence.cleanup import cleaning_up
from whence.delivery import deliverer
from whence.health import add_health
from whence.maintenance_worker import maintaining
from whence.metrics import Metrics
from whence.overdue_monitor import OverdueMonitor, monitoring
from whence.presence import present
from whence.secret_keys import keyring_of
from whence.settings import Settings
from whence.system import Duties, system_parts
from whence.wiring import Side, handling, projecting, recording, utc_now
from whence.worker_lease import its_turn_of
from whence.workflow_worker import carrying_out_workflows

# Whoever bills is believed to be at it for so long after it last said so.
_LEAST_TURN_SECONDS = 10
_ROUNDS_OF_A_TURN = 5


@contextmanager
def serving(
    settings: Settings, *, only: Side | None = None, clock: Clock = utc_now
) -> Iterator[ASGIApp]:
    """The whole application, alive for as long as the context is."""
    metrics = Metrics()
    with ExitStack() as stack:
        ledger = stack.enter_context(recording(settings, clock=clock))
        keyring = keyring_of(settings)
        handler = stack.enter_context(handling(ledger, clock=clock, keyring=keyring))
        link_views = stack.enter_context(summing_up(ledger, clock=clock))
        if only != "queries":
            stack.enter_context(
                cleaning_up(ledger, attempts_days=settings.delivery_attempts_days, clock=clock)
            )
            stack.enter_context(_billing(settings, ledger, metrics, clock))
        overdue = _overdue_monitor(settings, ledger, metrics, clock)
        stack.enter_context(monitoring(overdue))
        folds = "folding" not in settings.serve_without
        reading = stack.enter_context(projecting(settings, ledger, folds=folds))
        if folds:
            stack.enter_context(maintaining(settings, ledger, clock=clock))
        past = stack.enter_context(_past(settings, ledger, reading.views))
        deliveries = None
        if only != "queries" and "delivery" not in settings.serve_without:
            told = stack.enter_context(
                deliverer(settings, ledger, keyring, reading.serving, clock=clock)
            )
            stack.enter_context(told.in_a_thread())
            stack.enter_context(
                carrying_out_workflows(
                    settings,
                    ledger,
                    keyring,
                    reading.views,
                    clock=clock,
                    count=metrics.count_action,
                )
            )
            deliveries = told.progress_now
            metrics.watch_delivery(deliveries)
        if folds:
            metrics.watch(reading.projector.progress)
        metrics.watch_past(past.progress)
        ledger.on_answer(metrics.count_batch)
        duties = Duties(settings, only, reading)
        kind: Kind = "serve" if settings.workers == 1 else "worker"
        stack.enter_context(present(ledger.engine, kind, duties))
        system = system_parts(settings, ledger, reading, duties, overdue, clock=clock)
        dependencies = _dependencies(
            settings, handler, ledger, reading.views, past, link_views, metrics, system
        )
        app = create_app(dependencies, only=only)
        if only != "commands":
            add_console(app)
        add_health(
            app,
            ledger,
            reading.projector,
            reading.serving,
            metrics,
            deliveries=deliveries,
            token=settings.metrics_token,
        )
        yield app


@contextmanager
def _billing(settings: Settings, ledger: Ledger, metrics: Metrics, clock: Clock) -> Iterator[None]:
    """Bills, unless that is left to `whence bill`."""
    if "billing" in settings.serve_without:
        yield
        return
    seconds = max(_LEAST_TURN_SECONDS, _ROUNDS_OF_A_TURN * settings.billing_seconds)
    with (
        handling(ledger, clock=clock) as handler,
        its_turn_of(ledger.engine, "billing", seconds=seconds) as its_turn,
    ):
        worker = BillingWorker(ledger, handler, count=metrics.count_billed, its_turn=its_turn)
        with billing(worker, every_seconds=settings.billing_seconds):
            yield


def _overdue_monitor(
    settings: Settings, ledger: Ledger, metrics: Metrics, clock: Clock
) -> OverdueMonitor:
    seconds, gauge = settings.billing_seconds, metrics.overdue_seconds.set
    return OverdueMonitor(ledger, clock=clock, billing_seconds=seconds, gauge=gauge)


def _past(settings: Settings, ledger: Ledger, views: Views) -> PastReader:
    return PastReader(
        ledger,
        DEFINITIONS,
        most_facts=settings.past_facts,
        most_bytes=settings.past_memory_bytes,
        facts_per_minute=settings.past_facts_per_minute,
        tables=TableReader(PAST, views, of_names),
    )


def _dependencies(
    settings: Settings,
    handler: CommandHandler,
    ledger: Ledger,
    views: Views,
    past: PastReader,
    link_views: LinkViews,
    metrics: Metrics,
    system: SystemParts,
) -> Dependencies:
    feed = Feed(ledger, data_of)
    return Dependencies(
        handler=handler,
        directory=Directory(handler),
        ledger=ledger,
        views=views,
        past=past,
        link_views=link_views,
        feed=feed,
        streams=Streams(ledger, views, feed),
        system=system,
        version=__version__,
        log=structlog.get_logger("whence.api"),
        metrics=metrics,
        store=str(ledger.identity()),
        rate_limit_per_key=settings.rate_limit_per_key,
        rate_limit_public=settings.rate_limit_public,
        require_idempotency_key=settings.require_idempotency_key,
        cors_origins=settings.cors_origins,
        query_wait_seconds=settings.query_wait_seconds,
        public_url=settings.public_url,
        allow_insecure_webhooks=settings.allow_insecure_webhooks,
        delivery_networks=settings.allowed_networks,
    )
