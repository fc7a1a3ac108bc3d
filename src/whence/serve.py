"""Server processes: they listen, start and stop, one or several.

What each of them runs is put together in `whence.application`.
"""

import asyncio
import errno
import gc
import signal
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from types import FrameType

import structlog
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.supervisors import Multiprocess

from ledger.errors import LedgerUnavailable
from whence import logs
from whence.billing_worker import BillingWorker, Outcome
from whence.errors import AddressTaken, Unsuccessful, WrongSetting
from whence.first_run import welcome
from whence.maintenance_worker import maintaining
from whence.presence import duty, present
from whence.processes import end_with_the_parent
from whence.secret_keys import keyring_of
from whence.settings import Settings
from whence.wiring import Side, handling, projecting, recording

_BACKLOG = 2048
_ELSEWHERE = " (WHENCE_PORT or --port names another port)"
# A worker that does not answer for so long, its start included, is replaced.
_STARTING_SECONDS = 60

_log = structlog.get_logger("whence")


def serve_until_stopped(settings: Settings, *, only: Side | None = None) -> None:
    """Serves until SIGINT or SIGTERM, then finishes what was begun.

    Raises WrongSetting for several workers on SQLite and where there are no keys to seal with,
    AddressTaken when the port is in use, and Unsuccessful when the parts cannot be joined.
    """
    if settings.workers > 1 and not settings.on_postgresql:
        raise WrongSetting(
            "WHENCE_WORKERS cannot be used: several processes can serve one PostgreSQL, "
            "but on SQLite one does all the work"
        )
    keyring_of(settings)
    # Whoever only projects or bills does not wait for what the API brings along.
    from whence.connections import connections  # noqa: PLC0415 (see above)

    with _listening(settings) as listener:
        port = listener.getsockname()[1]
        address = f"http://{settings.host}:{port}"
        welcome(settings, address)
        config = uvicorn.Config(
            partial(application, settings, only),
            factory=True,
            host=settings.host,
            port=port,
            workers=settings.workers,
            loop="uvloop",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=settings.shutdown_seconds,
            timeout_worker_healthcheck=_STARTING_SECONDS,
            **connections(settings),
        )
        _log.info("listening", address=address, workers=settings.workers)
        if settings.workers > 1:
            Multiprocess(config, sockets=[listener]).run()
        else:
            _stop_quietly()
            server = uvicorn.Server(config)
            server.run(sockets=[listener])
            if not server.started:
                raise Unsuccessful("the service could not start: its log says why")
    _log.info("stopped")


def project_until_stopped(settings: Settings) -> None:
    """Keeps the views up to date until SIGINT or SIGTERM."""
    stopped = threading.Event()
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, lambda _signal, _frame: stopped.set())
    with (
        recording(settings) as ledger,
        projecting(settings, ledger) as reading,
        maintaining(settings, ledger),
        present(
            ledger.engine,
            "project",
            lambda: [duty("folding", failure=reading.projector.progress.failure)],
        ),
    ):
        _log.info("projecting")
        stopped.wait()
    _log.info("stopped")


def bill_until_stopped(settings: Settings) -> None:
    """Bills what is due until SIGINT or SIGTERM; what was begun by then is finished."""
    with (
        recording(settings) as ledger,
        handling(ledger) as handler,
        present(ledger.engine, "bill", lambda: [duty("billing")]),
    ):
        worker = BillingWorker(ledger, handler)
        for stop in (signal.SIGINT, signal.SIGTERM):
            signal.signal(stop, lambda _signal, _frame: worker.close())
        _log.info("billing")
        asyncio.run(worker.bill_until_closed(every_seconds=settings.billing_seconds))
    _log.info("stopped")


def bill_once(settings: Settings) -> int:
    """Bills what is due now: how many renewals and retries there were.

    Raises Unsuccessful when some of it could not be billed; the log says why.
    """
    told: Counter[Outcome] = Counter()
    with recording(settings) as ledger, handling(ledger) as handler:
        worker = BillingWorker(ledger, handler, count=lambda outcome: told.update([outcome]))
        asyncio.run(worker.bill_everything_due())
    if told["failed"]:
        raise Unsuccessful(f"billed {told['billed']}; {told['failed']} could not be: see the log")
    return told["billed"]


def deliver_until_stopped(settings: Settings) -> None:
    """Tells others what is recorded, and does what workflows say, until SIGINT or SIGTERM."""
    # Whoever only projects or bills does not wait for what this brings along.
    from whence.delivery import deliverer  # noqa: PLC0415 (see above)
    from whence.workflow_worker import carrying_out_workflows  # noqa: PLC0415 (see above)

    keyring = keyring_of(settings)
    with (
        recording(settings) as ledger,
        projecting(settings, ledger, folds=False) as reading,
        deliverer(settings, ledger, keyring, reading.serving) as told,
        carrying_out_workflows(settings, ledger, keyring, reading.views),
        present(ledger.engine, "deliver", lambda: [duty("delivery")]),
    ):
        for stop in (signal.SIGINT, signal.SIGTERM):
            signal.signal(stop, lambda _signal, _frame: told.close())
        _log.info("delivering")
        told.run()
    _log.info("stopped")


def application(settings: Settings, only: Side | None) -> "Served":
    """What one worker serves; made in the worker itself, from what can be sent to it."""
    logs.configure(settings.log_level, settings.log_format)
    if settings.workers > 1:
        end_with_the_parent()
    return Served(settings, only)


class Served:
    """The application with the life of its parts around it."""

    def __init__(self, settings: Settings, only: Side | None) -> None:
        self._settings = settings
        self._only = only
        self._app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            assert self._app is not None  # noqa: S101 (nothing is asked before the start)
            await self._app(scope, receive, send)

    # By the time of the shutdown all requests are finished, so nothing waits for the event loop.
    async def _live(self, receive: Receive, send: Send) -> None:
        # Whoever only projects or bills does not wait for what the API brings along.
        from whence.application import serving  # noqa: PLC0415 (see above)

        await receive()
        try:
            with serving(self._settings, only=self._only) as self._app:
                _collect_rarely()
                await send({"type": "lifespan.startup.complete"})
                await receive()
        except LedgerUnavailable as reason:
            await send({"type": "lifespan.startup.failed", "message": str(reason)})
        else:
            await send({"type": "lifespan.shutdown.complete"})


@contextmanager
def _listening(settings: Settings) -> Iterator[socket.socket]:
    try:
        family, _, _, _, place = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.create_server(place[:2], family=family, backlog=_BACKLOG)
    except OSError as error:
        raise AddressTaken(
            f"cannot listen on {settings.host}:{settings.port}: {error.strerror or error}"
            f"{_ELSEWHERE if error.errno == errno.EADDRINUSE else ''}"
        ) from None
    with listener:
        listener.set_inheritable(True)
        yield listener


# A full collection walks through all that is remembered and lets nobody else work meanwhile: 130 ms
# with some 10,000 aggregates, every few seconds. Hardly anything here refers to itself, so counting
# references frees nearly all of it; and what is here from the start stays.
def _collect_rarely() -> None:
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)


# uvicorn raises the signal again once it has stopped, which would end the process by it.
def _stop_quietly() -> None:
    def stopped_already(_signal: int, _frame: FrameType | None) -> None:
        pass

    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, stopped_already)
