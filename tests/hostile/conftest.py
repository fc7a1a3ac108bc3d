"""Servers that are attacked, and another client who asks meanwhile whether they are there.

Every attack is bounded, stays on this machine, and says how long `/healthz` took while it went on:
at most, over all that was asked. The figures stand at the end of a run.
"""

import http.client
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import pytest
from server import Server, Shop, found_shop

# The aim is a tenth of a second, on a machine that has nothing else to do; this one may have much.
MOST_SECONDS = 3.0
_EVERY_SECONDS = 0.01
_PATIENCE_SECONDS = 60


@pytest.fixture(scope="session")
def unlimited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Whoever asks it may ask as often as they like, but has little time."""
    yield from _started(
        tmp_path_factory.mktemp("hostile"),
        WHENCE_HEADER_SECONDS="0.5",
        WHENCE_BODY_SECONDS="0.5",
        WHENCE_CONNECTIONS="100",
    )


@pytest.fixture(scope="session")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """As it is set by default."""
    yield from _started(
        tmp_path_factory.mktemp("hostile"),
        WHENCE_RATE_LIMIT_PER_KEY="6000/minute",
        WHENCE_RATE_LIMIT_PUBLIC="300/minute",
    )


def _started(folder: Path, **settings: str) -> Iterator[Shop]:
    server = Server(f"sqlite:///{folder / 'ledger.db'}", folder, **settings)
    server.start()
    try:
        yield found_shop(server)
    finally:
        server.kill()


class Bystander:
    """Somebody else, on a connection of their own, who only wants to know that it lives."""

    def __init__(self, url: str) -> None:
        self._address = urlsplit(url).netloc
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self.seconds: list[float] = []
        self.failures: list[str] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(_PATIENCE_SECONDS)

    def _ask(self) -> None:
        while not self._ended.wait(_EVERY_SECONDS) or not self.seconds:
            began = time.perf_counter()
            try:
                connection = http.client.HTTPConnection(self._address, timeout=_PATIENCE_SECONDS)
                connection.request("GET", "/healthz")
                status = connection.getresponse().status
                connection.close()
            except (OSError, http.client.HTTPException) as failure:
                self.failures.append(repr(failure))
            else:
                if status != http.client.OK:
                    self.failures.append(str(status))
            self.seconds.append(time.perf_counter() - began)


@pytest.fixture
def watched(record_property: Callable[[str, object], None]) -> Callable[[Shop], object]:
    """Around an attack: nobody else is kept waiting, or refused."""

    @contextmanager
    def watching(shop: Shop) -> Iterator[None]:
        with Bystander(shop.url) as bystander:
            yield
        longest, usual = max(bystander.seconds), statistics.median(bystander.seconds)
        record_property("healthz", f"{longest * 1000:.0f} ms at most, {usual * 1000:.1f} usually")
        assert bystander.failures == []
        assert longest < MOST_SECONDS

    return watching
