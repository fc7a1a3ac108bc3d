"""Pages benchmark: the overview and the list that people open, in a book of many customers."""

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection
from itertools import groupby
from urllib.parse import urlencode

from servers import Server, whence
from stores import opened
from synthetic_book import synthetic_facts

from domain.fact import Fact
from ledger.append import Append, Done
from ledger.facts import FactMapper

_REPEATED = 15
# The month in which the first payments were made, with all that comes after the page otherwise.
_OVERVIEW = "/console?from=2025-01-01&to=2025-02-01&show=rankings"
_PAGES = {
    "overview, whole": _OVERVIEW,
    "customers page": "/console/customers",
    "customers page, searched": "/console/customers?search=mensahki",
}


@dataclass(frozen=True)
class Shown:
    """How long until a page was there, and how much came over the wire."""

    seconds: float
    size: int


def measure_customers_page(url: str, customers: int) -> dict[str, Shown]:
    """Each page, as a browser asks for it, of a book with so many customers and payments."""
    with whence(url, fill=lambda book: _fill(url, book, customers)) as server:
        cookie = _signed_in(server)
        return {name: _shown(server, cookie, path) for name, path in _PAGES.items()}


def _fill(url: str, book: str, customers: int) -> None:
    with opened(url) as ledger:
        for outcome in ledger.append_many(_appends(book, customers)):
            if not isinstance(outcome, Done):
                raise RuntimeError("an append was refused")  # noqa: TRY004 (no matter of types)


def _appends(book: str, customers: int) -> Iterator[Append]:
    mapper = FactMapper()

    def stream_of(fact: Fact) -> str:
        return fact.originator_id

    for stream, facts in groupby(synthetic_facts(customers, customers), stream_of):
        new = tuple(mapper.encode(fact) for fact in facts)
        yield Append(book, facts=new, expected={stream: 0})


def _signed_in(server: Server) -> str:
    connection = HTTPConnection("127.0.0.1", server.port)
    form = urlencode({"api_key": server.headers["X-Reevit-Key"]})
    connection.request("POST", "/console/login", form, {"Sec-Fetch-Site": "same-origin"})
    answer = connection.getresponse()
    answer.read()
    cookies = answer.headers.get_all("Set-Cookie") or []
    return "; ".join(each.partition(";")[0] for each in cookies)


def _shown(server: Server, cookie: str, path: str) -> Shown:
    """The median of several times, the first of which only warms up."""
    connection = HTTPConnection("127.0.0.1", server.port)
    taken, size = [], 0
    while len(taken) <= _REPEATED:
        began = time.perf_counter()
        connection.request("GET", path, headers={"Cookie": cookie, "Accept-Encoding": "gzip"})
        answer = connection.getresponse()
        size = len(answer.read())
        if answer.status == HTTPStatus.OK:
            taken.append(time.perf_counter() - began)
        elif answer.status == HTTPStatus.SERVICE_UNAVAILABLE:
            # Its views are built first.
            time.sleep(1)
        else:
            raise RuntimeError(f"a page answered {answer.status}")
    connection.close()
    return Shown(statistics.median(taken[1:]), size)
