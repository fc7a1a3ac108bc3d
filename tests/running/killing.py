"""A deliverer that is killed at random, again and again, each time with something under way."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from forked import ForkedCommand
from secret_keys import SECRET_KEYS
from waiting import awaited

KILLS = int(os.environ.get("WHENCE_TEST_KILLS", "2"))


def killed_at_random(
    database_url: str,
    receiver: Any,
    log: Path,
    *,
    chance: Random,
    enough: Callable[[int], int],
    let_go: Callable[[], None],
    is_done: Callable[[], bool],
    **settings: str,
) -> None:
    """``enough``: so many have arrived when the first, the second … is killed, whom all outlive.

    ``let_go`` is for whoever was killed, so that nobody waits until what they held falls due.
    """
    environment = os.environ | {
        "WHENCE_DATABASE_URL": database_url,
        "WHENCE_SECRET_KEYS": SECRET_KEYS,
        "WHENCE_LOG_FORMAT": "json",
        **settings,
    }
    with log.open("wb") as said:
        for kill in range(1, KILLS + 1):
            process, wanted = ForkedCommand(["deliver"], environment, said), enough(kill)
            awaited(lambda n=wanted: len(receiver.received) >= n, every_seconds=0.002)  # type: ignore[misc]
            time.sleep(chance.random() * 0.05)
            process.kill()
            process.wait(timeout=60)
            let_go()
        process = ForkedCommand(["deliver"], environment, said)
        awaited(is_done)
        process.terminate()
        assert process.wait(timeout=60) == 0
