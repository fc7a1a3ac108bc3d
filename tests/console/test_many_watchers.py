"""Many pages are open at once: each hears what moved, and the views are asked once for all."""

import asyncio
import json
import os
import time
from pathlib import Path

import aiohttp

WATCHERS = int(os.environ.get("WHENCE_TEST_WATCHERS", "60"))
FACTS = 5
PATIENCE_SECONDS = 120


def open_files():
    return len([*Path("/proc/self/fd").iterdir()])


def test_many_watch_one_book_and_it_is_asked_once_for_all_of_them(
    console, client, merchant, monkeypatch
):
    views, asked = merchant.server.parts.views, []
    ask = views.ask

    def counted(book, *rest, **more):
        asked.append(book)
        return ask(book, *rest, **more)

    made = []

    def act():
        monkeypatch.setattr(views, "ask", counted)
        for number in range(FACTS):
            body = {"name": f"Customer {number}"}
            made.append(client.post("/v1/customers", json=body).json()["id"])
            time.sleep(0.2)

    before, began = open_files(), time.process_time()
    told = asyncio.run(all_told(merchant.server.url, dict(console.cookies), act))
    spent = time.process_time() - began

    assert told == [set(made)] * WATCHERS
    # Once a fact, a few more times for those who were still at the one before.
    assert asked.count(merchant.book) <= FACTS * 10 < WATCHERS
    # About one millisecond, most of it of those who read, who are in this process as well.
    assert spent / WATCHERS / FACTS < 0.02
    until = time.monotonic() + PATIENCE_SECONDS
    while open_files() > before + 20:
        assert time.monotonic() < until
        time.sleep(0.1)


async def all_told(url, cookies, act):
    """The ids that each was told of, once all of them had begun to listen."""
    begun = [asyncio.Event() for _ in range(WATCHERS)]
    async with (
        asyncio.timeout(PATIENCE_SECONDS),
        aiohttp.ClientSession(
            url,
            headers={"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())},
            connector=aiohttp.TCPConnector(limit=0),
        ) as session,
        asyncio.TaskGroup() as watchers,
    ):
        tasks = [watchers.create_task(told_of(session, each)) for each in begun]
        for each in begun:
            await each.wait()
        await asyncio.to_thread(act)
    return [task.result() for task in tasks]


async def told_of(session, begun):
    found, position = set(), 0
    while True:
        async with session.get("/console/live", params={"after": position}) as answer:
            assert answer.status == 200
            async for line in answer.content:
                if not line.startswith(b"data: "):
                    continue
                told = json.loads(line.removeprefix(b"data: "))
                position = told["position"]
                begun.set()
                found |= {each for each in told["moved"] or () if each.startswith("cus_")}
                if len(found) == FACTS:
                    return found
