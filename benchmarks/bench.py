"""`make bench`: how fast it is, beside peers measured in the same run on the same machine.

Figures of one machine say little, ratios say something: each is told with the one the design
promises (docs/decisions/0006-speed.md).
"""

import argparse
import os
import platform
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from http.client import HTTPConnection

import library
import orjson
from billing import measure_renewals
from customers_page import measure_customers_page
from databases import Databases, databases
from deliveries import Lags, deliveries_per_processor_second, lags_under_load, register
from growth import measure_growth
from load import Measured, measure, post
from past import measure_past
from receivers import receivers
from rich.console import Console
from rich.table import Table
from servers import Server, bare, crud, whence
from stores import appends_per_second, measure_store

KINDS = ("SQLite", "PostgreSQL")
_PAYMENT: dict[str, object] = {"amount": 15000, "currency": "GHS", "method": "card"}
_CREATE = "/v1/payments/intents"
_CLIENTS, _CALLERS, _PROCESSES = 32, 64, 4
_ROUNDS = 3
_PROJECTED_EVENTS = 2_000
_MANY = 1_000_000
_PAGE_MILLISECONDS = 50
_MANY_TO_LOOK_AT = 100_000
_SHOWN = 0.06
# It is a dozen questions.
_OVERVIEW_SHOWN = 0.25
_SHOWN_BYTES = 100_000
_DELIVERIES = 3_000
_KNOWN = 0.1
_LOAD = 50


@dataclass(frozen=True)
class Row:
    """``target``: what the ratio must at least be; at most when ``at_most``.

    ``only_at`` says when the target holds, where this run measured something smaller.
    """

    work: str
    measured: str
    peer: str
    measured_peer: str
    ratio: float
    target: float
    at_most: bool = False
    only_at: str = ""

    @property
    def reached(self) -> bool:
        return self.ratio <= self.target if self.at_most else self.ratio >= self.target

    def cells(self) -> tuple[str, ...]:
        bound = f"{'≤' if self.at_most else '≥'} {self.target:g}"
        told = f"{self.ratio:.2f}"
        if self.only_at:
            bound = f"{bound} at {self.only_at}"
        else:
            told = f"[{'green' if self.reached else 'red'}]{told}[/]"
        return self.work, self.measured, self.peer, self.measured_peer, told, bound


def main() -> None:
    asked = _arguments()
    console = Console(width=160)
    with databases() as made:
        rows = []
        for part in (
            _http(made, asked.seconds),
            _appends(made, asked.seconds),
            _stores(made, asked.payments),
            _growth(made, asked.payments),
            _customers_page(made, asked.payments),
            _past(made),
            _renewals(made),
            _deliveries(made, asked.seconds),
        ):
            for row in part:
                console.print(f"{row.work}: {row.ratio:.2f}", style="dim")
                rows.append(row)
    table = Table(title=f"Whence on {_machine()}", title_justify="left")
    for column in ("work", "measured", "against", "measured ", "ratio", "target"):
        table.add_column(column, justify="left" if column in {"work", "against"} else "right")
    for row in rows:
        table.add_row(*row.cells())
    console.print(table)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--payments", type=int, default=20_000, help="in the store that is rebuilt and asked"
    )
    parser.add_argument("--seconds", type=float, default=3, help="for each measurement of load")
    return parser.parse_args()


def _machine() -> str:
    busy = os.getloadavg()[0]
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, load {busy:.1f}"


def _http(made: Databases, seconds: float) -> Iterator[Row]:
    for kind in KINDS:
        with ExitStack() as stack:
            peers = {
                "bare": stack.enter_context(bare()),
                "crud": stack.enter_context(crud(made.new(kind))),
                "whence": stack.enter_context(whence(made.new(kind))),
            }
            found = _side_by_side(peers, seconds)
            ours, least = found["whence"], min(each.idle for each in found.values())
            work = f"create payment over HTTP, {_CLIENTS} clients, {kind}"
            target = 0.6 if kind == "SQLite" else 0.45
            yield _rates(work, ours, "the same route, bare FastAPI", found["bare"], target)
            yield _rates(work, ours, "the usual CRUD application", found["crud"], 2)
            yield _visible(kind, peers["whence"], ours.per_second / 2, seconds)
            print(f"{kind}: the clients were idle at least {least:.0%} of the time")


def _side_by_side(peers: dict[str, Server], seconds: float) -> dict[str, Measured]:
    """Each peer in turn, several times; of each the round with the median rate."""
    rounds: dict[str, list[Measured]] = {name: [] for name in peers}
    for turn in range(_ROUNDS + 1):
        for name, server in peers.items():
            request = post(_CREATE, _PAYMENT, server.headers)
            length = seconds if turn else 1
            found = measure(server.port, request, clients=_CLIENTS, seconds=length)
            if turn:
                rounds[name].append(found)
    return {
        name: sorted(each, key=lambda one: one.per_second)[_ROUNDS // 2]
        for name, each in rounds.items()
    }


def _rates(work: str, ours: Measured, peer: str, theirs: Measured, target: float) -> Row:
    return Row(
        work,
        _rate(ours.per_second),
        peer,
        _rate(theirs.per_second),
        ours.per_second / theirs.per_second,
        target,
    )


def _visible(kind: str, server: Server, per_second: float, seconds: float) -> Row:
    """How long after the answer to a write a query answers with it, while others write too."""
    request = post(_CREATE, _PAYMENT, server.headers)
    load = threading.Thread(
        target=measure,
        args=(server.port, request),
        kwargs={"clients": _CLIENTS, "seconds": seconds * 2, "most_per_second": per_second},
    )
    load.start()
    taken = []
    connection = HTTPConnection("127.0.0.1", server.port)
    headers = server.headers | {"Content-Type": "application/json"}
    time.sleep(seconds / 4)
    until = time.perf_counter() + seconds * 1.5
    while time.perf_counter() < until:
        connection.request("POST", _CREATE, orjson.dumps(_PAYMENT), headers)
        payment_id = orjson.loads(connection.getresponse().read())["id"]
        acknowledged = time.perf_counter()
        connection.request("GET", f"/v1/payments/{payment_id}", headers=headers)
        answer = connection.getresponse()
        answer.read()
        taken.append(time.perf_counter() - acknowledged)
        if answer.status != 200:  # noqa: PLR2004 (the status itself)
            raise RuntimeError(f"a query answered {answer.status}")
        time.sleep(0.005)
    load.join()
    connection.close()
    p99, median = statistics.quantiles(taken, n=100)[-1], statistics.median(taken)
    work = f"acknowledged write until a query shows it, {per_second:,.0f} writes/s, {kind}, p99"
    told = f"{p99 * 1000:.0f} ms"
    return Row(work, told, "median", f"{median * 1000:.0f} ms", p99 * 1000, 50, at_most=True)


def _appends(made: Databases, seconds: float) -> Iterator[Row]:
    url = made.new("PostgreSQL")
    ours = appends_per_second(url, callers=_CALLERS, seconds=seconds)
    theirs = library.appends_per_second(url, processes=_PROCESSES, seconds=seconds)
    yield Row(
        f"append with claim and idempotency, {_CALLERS} callers, PostgreSQL",
        _rate(ours),
        f"the library's recorder, {_PROCESSES} processes",
        _rate(theirs),
        ours / theirs,
        8,
    )


def _stores(made: Databases, payments: int) -> Iterator[Row]:
    runner = library.projected_per_second(made.new("PostgreSQL"), events=_PROJECTED_EVENTS)
    only_at = "" if payments >= _MANY else f"{_MANY:,}"
    for kind in KINDS:
        store = measure_store(made.new(kind), payments)
        rebuilt, work = store.rebuilt_per_second, f"rebuild of all views, {payments:,} payments"
        by_one = f"{work}, one process"
        if kind == "PostgreSQL":
            peer = "the library's ProjectionRunner, one view"
            ratio = rebuilt / runner
            yield Row(f"{by_one}, {kind}", _rate(rebuilt), peer, _rate(runner), ratio, 40)
            # Where there are too few facts for several processes it is one of them again.
            by_all = store.rebuilt_by_all_per_second
            work = f"{work}, at most {os.cpu_count()} processes, {kind}"
            ratio = by_all / rebuilt
            yield Row(work, _rate(by_all), by_one, _rate(rebuilt), ratio, 1, only_at=only_at)
        read = store.read_per_second
        peer = "reading and decoding only"
        yield Row(f"{by_one}, {kind}", _rate(rebuilt), peer, _rate(read), rebuilt / read, 0.15)
        for name, (large, small, plain) in store.questions.items():
            question = f"{name}, {payments:,} payments, {kind}"
            peer = "as SQL over the payments"
            quicker = plain / large
            yield Row(question, _millis(large), peer, _millis(plain), quicker, 100, only_at=only_at)
            peer = f"with {payments // 100:,} payments"
            slower = large / small
            yield Row(
                question,
                _millis(large),
                peer,
                _millis(small),
                slower,
                1.5,
                at_most=True,
                only_at=only_at,
            )


def _growth(made: Databases, size: int) -> Iterator[Row]:
    """First pages of a book with so many customers and as many payments."""
    for kind in KINDS:
        for name, (large, small) in measure_growth(made.new(kind), size).items():
            question, peer = f"{name}, {size:,} customers, {kind}", f"with {size // 100:,}"
            times = (_millis(large), peer, _millis(small))
            yield Row(question, *times, large * 1000, _PAGE_MILLISECONDS, at_most=True)


def _customers_page(made: Databases, payments: int) -> Iterator[Row]:
    """As a browser asks for it: a million customers are asked for where a run is that large."""
    sizes = {"SQLite": _MANY_TO_LOOK_AT}
    if payments >= _MANY:
        sizes["PostgreSQL"] = _MANY
    for kind, customers in sizes.items():
        for name, shown in measure_customers_page(made.new(kind), customers).items():
            work, aim = f"{name}, {customers:,} customers, {kind}", "what is aimed at"
            most = _OVERVIEW_SHOWN if name.startswith("overview") else _SHOWN
            took, ratio = _millis(shown.seconds), shown.seconds / most
            yield Row(work, took, aim, _millis(most), ratio, 1, at_most=True)
            size = f"{shown.size / 1000:.1f} kB"
            ratio = shown.size / _SHOWN_BYTES
            yield Row(f"{work}, sent", size, aim, "100 kB", ratio, 1, at_most=True)


def _past(made: Databases) -> Iterator[Row]:
    for kind in KINDS:
        asked = measure_past(made.new(kind))
        work = f"ranking as of a moment, {asked.facts:,} facts, {kind}"
        folded, read = asked.facts / asked.first_seconds, asked.read_per_second
        told = f"{asked.first_seconds:.1f} s, {_rate(folded)}"
        yield Row(work, told, "reading and decoding only", _rate(read), folded / read, 0.1)
        told = _millis(asked.again_seconds)
        peer, gain = "the first time", asked.first_seconds / asked.again_seconds
        yield Row(f"{work}, again", told, peer, f"{asked.first_seconds:.1f} s", gain, 100)


def _renewals(made: Databases) -> Iterator[Row]:
    for kind in KINDS:
        renewed = measure_renewals(made.new(kind))
        together, one_by_one = renewed.together, renewed.one_by_one
        yield Row(
            f"subscriptions renewed, 2,000 of them due, {kind}",
            _rate(together),
            "the same, one after the other",
            _rate(one_by_one),
            together / one_by_one,
            1,
        )


def _deliveries(made: Databases, seconds: float) -> Iterator[Row]:
    aim = "what is aimed at"
    found = deliveries_per_processor_second(made.new("SQLite"))
    work = "webhooks delivered, in a second of the sender's processor time"
    yield Row(work, _rate(found), aim, _rate(_DELIVERIES), found / _DELIVERIES, 1)
    later = deliveries_per_processor_second(made.new("SQLite"), old_attempts=_MANY)
    work = f"the same with {_MANY:,} old attempts"
    yield Row(work, _rate(later), "without", _rate(found), later / found, 0.9)
    for kind in KINDS:
        none, one, ten, hanging = (
            _lags(made.new(kind), seconds, endpoints=endpoints, hanging=hanging)
            for endpoints, hanging in ((0, 0), (1, 0), (10, 0), (10, 1))
        )
        p99 = one.p99
        work = f"acknowledged write until a webhook is received, p99, {kind}"
        yield Row(work, _millis(p99), aim, _millis(_KNOWN), p99 / _KNOWN, 1, at_most=True)
        ratio = hanging.p99 / ten.p99
        work = f"p99 of nine endpoints while a tenth hangs, {kind}"
        p99s = _millis(hanging.p99), "nothing hangs", _millis(ten.p99)
        yield Row(work, *p99s, ratio, 1.5, at_most=True)
        spent, without = one.processor_seconds, none.processor_seconds
        work = f"processor time of a payment that is told of, {kind}"
        told = _millis(spent), "nobody is told", _millis(without)
        yield Row(work, *told, spent / without, 2, at_most=True)


def _lags(url: str, seconds: float, *, endpoints: int, hanging: int) -> Lags:
    with receivers(max(endpoints, 1), hanging=hanging) as told, whence(url) as server:
        for name, port in enumerate(told.ports[:endpoints]):
            register(server, f"endpoint {name}", port)
        request = post(_CREATE, _PAYMENT, server.headers)
        if endpoints:
            lags_under_load(server, told, request, each=0, per_second=20, seconds=1)
        each = endpoints - hanging
        return lags_under_load(
            server, told, request, each=each, per_second=_LOAD, seconds=max(seconds, 3)
        )


def _rate(per_second: float) -> str:
    return f"{per_second:,.0f}/s"


def _millis(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms"


if __name__ == "__main__":
    main()
