"""`make bench`: how fast it is, beside peers measured in the same run on the same machine."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from load import Measured, ask_repeatedly, post
from rich.console import Console
from rich.table import Table

from domain.customer import Customer
from domain.fact import Fact
from ledger.append import Append, Done
from ledger.database import open_engine, upgrade
from ledger.facts import FactMapper
from ledger.ledger import Ledger

SECONDS = float(os.environ.get("BENCH_SECONDS", "5"))
HERE = Path(__file__).parent


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        one = appends_per_second(Path(folder) / "one.db", callers=1)
        many = appends_per_second(Path(folder) / "many.db", callers=64)
        with bare() as port:
            peer = creates(port, {})
        with whence(Path(folder)) as (port, key):
            ours = creates(port, {"X-Reevit-Key": key})
    table = Table(title="Whence, on SQLite", title_justify="left")
    for column in ("work", "measured", "against", "measured ", "ratio", "at least"):
        table.add_column(column, justify="left" if column in {"work", "against"} else "right")
    table.add_row(
        "append, 64 callers waiting",
        f"{many:,.0f}/s",
        "the same, one caller",
        f"{one:,.0f}/s",
        f"{many / one:.2f}",
        "",
    )
    table.add_row(
        "create payment over HTTP, 32 clients",
        f"{ours.per_second:,.0f}/s",
        "the same route, bare FastAPI",
        f"{peer.per_second:,.0f}/s",
        f"{ours.per_second / peer.per_second:.2f}",
        "0.60",
    )
    console = Console(width=120)
    console.print(table)
    console.print(f"p99 of a created payment: {ours.p99_seconds * 1000:.1f} ms")


def appends_per_second(path: Path, *, callers: int) -> float:
    """Registered customers a second, each with a unique claim's worth of work, durable on disk."""
    engine = open_engine(f"sqlite:///{path}")
    upgrade(engine)
    mapper = FactMapper()
    numbers = count()
    until = time.perf_counter() + SECONDS

    def caller(ledger: Ledger) -> int:
        done = 0
        while time.perf_counter() < until:
            customer = Customer.register(
                f"cus_{next(numbers):026d}", name="Ama", now=datetime.now(UTC)
            )
            facts = [fact for fact in customer.collect_events() if isinstance(fact, Fact)]
            append = Append(
                book="org_bench/test",
                facts=tuple(mapper.encode(fact) for fact in facts),
                expected={customer.id: 0},
            )
            if not isinstance(ledger.append(append), Done):
                raise RuntimeError("an append was refused")  # noqa: TRY004 (no matter of types)
            done += 1
        return done

    with (
        Ledger(engine, clock=lambda: datetime.now(UTC)) as ledger,
        ThreadPoolExecutor(callers) as threads,
    ):
        done = sum(threads.map(caller, [ledger] * callers))
    engine.dispose()
    return done / SECONDS


def creates(port: int, headers: dict[str, str]) -> Measured:
    body = json.dumps({"amount": 15000, "currency": "GHS", "method": "card"}).encode()
    request = post("/v1/payments/intents", body, headers)
    asyncio.run(ask_repeatedly(port, lambda: request, clients=32, seconds=1))
    return asyncio.run(ask_repeatedly(port, lambda: request, clients=32, seconds=SECONDS))


@contextmanager
def bare() -> Iterator[int]:
    port = free_port()
    with running([sys.executable, str(HERE / "bare.py"), str(port)], {}):
        wait_for(f"http://127.0.0.1:{port}/openapi.json")
        yield port


@contextmanager
def whence(folder: Path) -> Iterator[tuple[int, str]]:
    """A service as it comes, but without rate limits and a line of log for each request."""
    port = free_port()
    environment = {
        "WHENCE_DATABASE_URL": f"sqlite:///{folder / 'ledger.db'}",
        "WHENCE_PORT": str(port),
        "WHENCE_RATE_LIMIT_PER_KEY": "off",
        "WHENCE_RATE_LIMIT_PUBLIC": "off",
        "WHENCE_LOG_LEVEL": "warning",
    }
    command = [sys.executable, "-m", "whence"]
    created = subprocess.run(  # noqa: S603 (our own command line)
        [*command, "organizations", "create", "Bench", "--json"],
        env=os.environ | environment,
        check=True,
        capture_output=True,
    )
    with running([*command, "serve"], environment):
        wait_for(f"http://127.0.0.1:{port}/readyz")
        yield port, json.loads(created.stdout)["keys"]["test"]


@contextmanager
def running(command: list[str], environment: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen(  # noqa: S603 (our own command line)
        command, env=os.environ | environment, stdout=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=60)


def wait_for(url: str) -> None:
    for _ in range(300):
        try:
            with urllib.request.urlopen(url):  # noqa: S310 (our own server)
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    raise RuntimeError(f"{url} does not answer")


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


if __name__ == "__main__":
    main()
