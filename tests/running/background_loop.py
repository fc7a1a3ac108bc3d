"""An event loop in a thread of its own, for servers that go on while whoever tests them waits."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager


@contextmanager
def in_the_background(
    serving: Callable[[asyncio.AbstractEventLoop], AbstractAsyncContextManager[None]], *, name: str
) -> Iterator[None]:
    """For as long as the context is; it has begun once ``serving`` is entered."""
    loop = asyncio.new_event_loop()
    started, stopping = threading.Event(), asyncio.Event()

    async def run() -> None:
        async with serving(loop):
            started.set()
            await stopping.wait()
        await _nobody_talks_any_more()

    def work() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(run())

    thread = threading.Thread(target=work, name=name, daemon=True)
    thread.start()
    assert started.wait(10)
    try:
        yield
    finally:
        loop.call_soon_threadsafe(stopping.set)
        thread.join(10)


async def _nobody_talks_any_more() -> None:
    """Cuts off who still does; a connection that outlives its loop would be found as garbage."""
    # Whoever has come this moment is met first: what never began would close nothing.
    for _ in range(3):
        await asyncio.sleep(0)
    talking = asyncio.all_tasks() - {asyncio.current_task()}
    for each in talking:
        each.cancel()
    await asyncio.gather(*talking, return_exceptions=True)
    # Connections are closed in the next round of the loop.
    await asyncio.sleep(0)
