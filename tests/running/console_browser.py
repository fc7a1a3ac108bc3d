"""A browser without scripts, in which somebody is signed in to the console or not."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx

# As browsers say that one of our own pages asks.
OURS = {"Sec-Fetch-Site": "same-origin"}


def browser_at(url: str) -> httpx.Client:
    return httpx.Client(base_url=url, headers=OURS, timeout=30)


@contextmanager
def signed_in(url: str, key: str) -> Iterator[httpx.Client]:
    """Of somebody with this key."""
    with browser_at(url) as browser:
        answer = browser.post("/console/login", data={"api_key": key})
        assert answer.status_code == 303, answer.text
        yield browser
