"""The whole application over a real store, and a merchant who calls it.

One server for each kind of database serves all tests of a run, each with an organization of its
own. Whoever needs settings of their own, or breaks something, starts one with ``new_server``.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
import uvicorn
from fastapi import FastAPI
from openapi_document import put_back
from postgresql import databases_on
from receiver import Receiver, receiving
from secret_keys import KEYRING
from statement_scope import recorded
from tables import make_tables

from api.app import Only, create_app
from api.http.connection import Connection, Patience
from api.http.dependencies import Dependencies
from api.http.system_parts import ANYBODY, SystemParts
from api.resources.event_data import data_of
from commands.directory import Directory
from commands.handling.handler import CommandHandler, Context, Decide
from commands.handling.ids import Ids
from commands.link_views import LinkViews
from commands.organizations import Founded, found_organization
from console.app import add_console
from console.routing import PageRouter
from delivery.feed import Feed
from delivery.streams import Streams
from ledger.clock import Clock
from ledger.database import open_engine
from ledger.facts import FactMapper
from ledger.ledger import Ledger
from ledger.processes import Duty
from projections.engine.generations.generation import Generation
from projections.engine.generations.generations import Generations, ViewsRebuilding
from projections.engine.live.polling import AdaptivePoll
from projections.engine.live.projector import Projector
from projections.engine.live.reader import Views
from projections.engine.rebuilding.rebuild import ensure_views
from projections.engine.rebuilding.runs import Runs
from projections.engine.time_travel.reader import PastReader
from projections.read_models import DEFINITIONS

STARTUP_SECONDS = 20
_PATIENCE = Patience()
# As the wire calls them; null where there is none.
_LIMITS = {
    "requests_of_a_key": None,
    "requests_of_strangers": None,
    "connections": None,
    "past_facts": 9_999,
    "past_facts_per_minute": None,
    "past_memory_bytes": 2**28,
}


@dataclass
class Server:
    """The application on a real socket, in a thread of its own."""

    url: str
    parts: Dependencies
    loop: asyncio.AbstractEventLoop
    ledger: Ledger

    def found(self, name: str) -> Founded:
        """A new organization, with a key of full access for each mode."""
        founding = found_organization(self.parts.handler, name, context=Context())
        return asyncio.run_coroutine_threadsafe(founding, self.loop).result(timeout=20)


@dataclass
class Merchant:
    """An organization and how it calls the API."""

    server: Server
    founded: Founded

    @property
    def org_id(self) -> str:
        return self.founded.org_id

    @property
    def book(self) -> str:
        return f"{self.org_id}/test"

    def perform(self, decide: Decide[Any]) -> Any:
        """A decision that nobody can ask for over HTTP."""
        performing = self.server.parts.handler.perform(self.book, decide)
        return asyncio.run_coroutine_threadsafe(performing, self.server.loop).result(timeout=20)

    def client(self, key: str | None = None, **headers: str) -> httpx.Client:
        headers = {"X-Reevit-Key": key or self.founded.keys["test"]} | headers
        return httpx.Client(base_url=self.server.url, headers=headers, timeout=30)


def open_parts(
    stack: ExitStack,
    database_url: str,
    folder: Path,
    clock: Clock,
    *,
    projecting: bool = True,
    rebuilding: ViewsRebuilding | None = None,
    poll: AdaptivePoll | None = None,
    operators: Iterable[str] = (ANYBODY,),
) -> tuple[Dependencies, Ledger]:
    """The parts, joined as the service joins them, without limits on how often to ask.

    Without ``projecting`` the views stay where they are; while ``rebuilding`` there are none.
    ``poll`` is how often to look for what other processes recorded; ``operators`` are who may work
    on a store that several share.
    """
    engine = open_engine(database_url)
    stack.callback(engine.dispose)
    make_tables(engine)
    ledger = stack.enter_context(Ledger(engine, clock=clock))
    handler = CommandHandler(ledger, clock=clock, ids=Ids(clock), keyring=KEYRING)
    stack.callback(handler.close)
    generations = stack.enter_context(Generations(engine, folder, clock=clock))
    mapper = FactMapper()
    ensure_views(ledger, generations, mapper, DEFINITIONS)
    follow = generations.follow(DEFINITIONS)

    def serving() -> Generation:
        if rebuilding is not None:
            raise rebuilding
        return follow()

    projector = Projector(ledger, serving, mapper, DEFINITIONS, poll=poll)
    views = stack.enter_context(Views(ledger, serving))
    projector.on_progress(views.notify_progress)
    ledger.on_commit(projector.notify)
    if projecting and rebuilding is None:
        projector.start()
        stack.callback(projector.close)
    feed = Feed(ledger, data_of)
    system = SystemParts(
        generations=generations,
        runs=Runs(engine, clock),
        duties=lambda: [Duty("serving", "working")],
        limits=_LIMITS,
        operators=frozenset(operators),
    )
    parts = Dependencies(
        handler=handler,
        directory=Directory(handler),
        ledger=ledger,
        views=views,
        past=stack.enter_context(
            PastReader(ledger, DEFINITIONS, most_facts=9_999, most_bytes=2**28)
        ),
        link_views=LinkViews(ledger, clock=clock),
        feed=feed,
        streams=Streams(ledger, views, feed),
        system=system,
        version="0",
        log=structlog.get_logger("tests"),
        rate_limit_per_key="off",
        rate_limit_public="off",
        store=ledger.identity().store_id,
    )
    return parts, ledger


def serve(
    stack: ExitStack, app: FastAPI, patience: Patience
) -> tuple[str, asyncio.AbstractEventLoop]:
    """Starts the application on a free port; its address and its event loop."""
    config = uvicorn.Config(
        app,
        port=0,
        http=partial(Connection, patience=patience),
        proxy_headers=False,
        log_config=None,
        lifespan="off",
    )
    server = uvicorn.Server(config)
    loop = asyncio.new_event_loop()
    ready = threading.Event()

    async def run() -> None:
        serving = asyncio.create_task(server.serve())
        while not server.started and not serving.done():  # noqa: ASYNC110 (uvicorn tells nobody)
            await asyncio.sleep(0.01)
        ready.set()
        await serving

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()

    def stop() -> None:
        server.should_exit = True
        thread.join()
        loop.close()

    stack.callback(stop)
    assert ready.wait(STARTUP_SECONDS)
    host, port = server.servers[0].sockets[0].getsockname()[:2]
    return f"http://{host}:{port}", loop


@pytest.fixture
def log() -> Iterator[list[Any]]:
    """What the service logs while a test runs."""
    with structlog.testing.capture_logs() as entries:
        yield entries


@pytest.fixture
def database(request: pytest.FixtureRequest) -> str:
    """SQLite, unless a test asks for others with ``on_both_databases``."""
    return str(getattr(request, "param", "sqlite"))


@pytest.fixture
def database_url(
    database: str,
    views_wanted: None,  # noqa: ARG001 (told)
    request: pytest.FixtureRequest,
) -> str:
    """A store of the test's own; its views are beside the ledger, on SQLite."""
    return str(request.getfixturevalue(f"{database}_url"))


@pytest.fixture
def sent(database_url: str) -> Iterator[set[str]]:
    """Every statement that goes to the test's own PostgreSQL, from the next fixture on."""
    with recorded(database_url) as statements:
        yield statements


def start(
    stack: ExitStack,
    database_url: str,
    folder: Path,
    clock: Clock,
    only: Only = None,
    *,
    projecting: bool = True,
    rebuilding: ViewsRebuilding | None = None,
    poll: AdaptivePoll | None = None,
    operators: Iterable[str] = (ANYBODY,),
    patience: Patience = _PATIENCE,
    pages: Sequence[PageRouter] = (),
    **settings: Any,
) -> Server:
    """A server over one store, with settings of one's own."""
    folder.mkdir(exist_ok=True)
    opened, ledger = open_parts(
        stack,
        database_url,
        folder,
        clock,
        projecting=projecting,
        rebuilding=rebuilding,
        poll=poll,
        operators=operators,
    )
    parts = replace(opened, **settings)
    app = create_app(parts, only=only)
    if only != "commands":
        add_console(app, *pages)
    url, loop = serve(stack, app, patience)
    return Server(url, parts, loop, ledger)


class _RarePoll(AdaptivePoll):
    """For a store that this process alone writes to, and that often nobody asks."""

    def looked(self, seconds: float, *, found: bool, took: float = 0.0) -> None:
        super().looked(seconds, found=found, took=max(took, 0.5))


def start_shared(stack: ExitStack, database_url: str, folder: Path) -> Server:
    """By the machine's time; of what it logs, only what went wrong is shown."""
    wrong = structlog.make_filtering_bound_logger(logging.WARNING)
    log = structlog.wrap_logger(None, wrapper_class=wrong)
    return start(stack, database_url, folder, lambda: datetime.now(UTC), log=log, poll=_RarePoll())


@pytest.fixture
def new_server(
    database_url: str,
    tmp_path: Path,
    clock: Clock,
    log: list[Any],  # noqa: ARG001 (the parts take their logger from it)
) -> Iterator[Callable[..., Server]]:
    """Starts servers over one store of the test's own; all are stopped after it."""
    with ExitStack() as stack:
        yield partial(start, stack, database_url, tmp_path, clock)


@pytest.fixture(scope="session")
def server_on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with ExitStack() as stack:
        folder = tmp_path_factory.mktemp("server-sqlite")
        yield start_shared(stack, f"sqlite:///{folder / 'ledger.db'}", folder)


@pytest.fixture(scope="session")
def server_on_postgresql(
    postgresql_server: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    with ExitStack() as stack:
        create = stack.enter_context(databases_on(postgresql_server))
        folder = tmp_path_factory.mktemp("server-postgresql")
        yield start_shared(stack, create(), folder)


@pytest.fixture
def server(request: pytest.FixtureRequest, database: str) -> Server:
    """That of all tests, but for a test that watches what is sent or logged: from the start."""
    if {"sent", "log"} & set(request.fixturenames):
        return request.getfixturevalue("new_server")()
    return request.getfixturevalue(f"server_on_{database}")


@pytest.fixture
def merchant(server: Server) -> Merchant:
    return Merchant(server, server.found("Ama's shop"))


@pytest.fixture
def client(merchant: Merchant) -> Iterator[httpx.Client]:
    """Calls as the merchant, in test mode."""
    with merchant.client() as client:
        yield client


@pytest.fixture(scope="module")
def merchants() -> dict[str, Merchant]:
    """One for each server, shared by those tests of a module that only read."""
    return {}


@pytest.fixture
def shop(server: Server, merchants: dict[str, Merchant]) -> Iterator[httpx.Client]:
    """Calls as the merchant that is shared: what is in their shop is made once."""
    if server.url not in merchants:
        merchants[server.url] = Merchant(server, server.found("Ama's shop"))
    with merchants[server.url].client() as client:
        yield client


@pytest.fixture(scope="session")
def document(server_on_sqlite: Server) -> Any:
    """What the service says of itself; what is said once stands wherever it is meant."""
    said = httpx.get(f"{server_on_sqlite.url}/openapi.json", timeout=60).json()
    return put_back(said, said)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Somebody who is told what happens."""
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def stranger(server: Server) -> Iterator[httpx.Client]:
    """Calls without a key."""
    with httpx.Client(base_url=server.url, timeout=30) as client:
        yield client
