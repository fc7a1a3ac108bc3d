"""Whoever asks often whether the service is ready does not keep it from being so."""

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from whence.readiness import Looks


class Look:
    """It counts how often it was done."""

    def __init__(self, *, books=1, status="ready", seconds=0.0):
        self.count = 0
        self._found = {"status": status, "books": books}
        self._seconds = seconds

    def __call__(self):
        time.sleep(self._seconds)
        self.count += 1
        return self._found


def asked_again_and_again(look):
    looks = Looks(look)

    async def ask():
        until = time.monotonic() + 0.3
        while time.monotonic() < until:
            await looks.found()
            await asyncio.sleep(0.01)

    asyncio.run(ask())
    return look.count


def test_all_who_ask_while_somebody_looks_are_told_what_is_found():
    look = Look(seconds=0.2)
    looks = Looks(look)

    async def ask():
        return await asyncio.gather(*(looks.found() for _ in range(50)))

    found = asyncio.run(ask())

    assert found == [{"status": "ready", "books": 1}] * 50
    assert look.count == 1


def test_of_very_many_books_nobody_looks_all_the_time():
    assert asked_again_and_again(Look(books=10_000)) <= 2


@pytest.mark.parametrize("look", [Look(), Look(books=10_000, status="not ready")])
def test_of_few_books_and_of_what_is_in_the_way_everybody_is_told_what_is_so_now(look):
    assert asked_again_and_again(look) > 2


def test_who_hangs_up_leaves_the_others_their_answer():
    begun, go_on = threading.Event(), threading.Event()

    def look():
        begun.set()
        go_on.wait(10)
        return {"status": "ready", "books": 1}

    looks = Looks(look)

    async def ask():
        first = asyncio.create_task(looks.found())
        with ThreadPoolExecutor() as threads:
            await asyncio.get_running_loop().run_in_executor(threads, begun.wait)
        second = asyncio.create_task(looks.found())
        await asyncio.sleep(0)
        first.cancel()
        go_on.set()
        return await second

    assert asyncio.run(ask()) == {"status": "ready", "books": 1}
