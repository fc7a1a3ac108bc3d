"""The key of live mode where only that one will do: accounts of people open both modes."""

from collections.abc import Generator, Mapping

import httpx

_OF_PEOPLE = "/v1/users"


class LiveForPeople(httpx.Auth):
    """Asks with the key of test mode, and about people with that of live mode."""

    def __init__(self, keys: Mapping[str, str]) -> None:
        self._keys = keys

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        request.headers["X-Reevit-Key"] = key_for(request.url.path, self._keys)
        yield request


def key_for(path: str, keys: Mapping[str, str]) -> str:
    return keys["live" if path.startswith(_OF_PEOPLE) else "test"]
