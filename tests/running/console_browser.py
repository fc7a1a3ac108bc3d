"""A browser without scripts, in which somebody is signed in to the console or not."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

# As browsers say that one of our own pages asks.
OURS = {"Sec-Fetch-Site": "same-origin"}
# The page of a past that takes longer than somebody waits for a page. It renews itself.
_ONE_MOMENT = "Looking back: one moment"


class _Browser(httpx.Client):
    """Shows a page of the past when it is there, however long that takes on a busy machine."""

    waits_seconds = 30.0

    def send(self, request: httpx.Request, **named: Any) -> httpx.Response:
        until = time.monotonic() + self.waits_seconds
        answer = super().send(request, **named)
        while _is_renewed(answer) and time.monotonic() < until:
            time.sleep(0.1)
            answer = super().send(request, **named)
        return answer


def _is_renewed(answer: httpx.Response) -> bool:
    return answer.status_code == httpx.codes.SERVICE_UNAVAILABLE and _ONE_MOMENT in answer.text


def browser_at(url: str) -> httpx.Client:
    return _Browser(base_url=url, headers=OURS, timeout=30)


@contextmanager
def signed_in(url: str, key: str) -> Iterator[httpx.Client]:
    """Of somebody with this key."""
    with browser_at(url) as browser:
        answer = browser.post("/console/login", data={"api_key": key})
        assert answer.status_code == 303, answer.text
        yield browser
