"""Authentication by API key, in ``X-Reevit-Key`` or as a bearer token; and scopes.

On the pages of the console it is by a session, in a cookie.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any

from fastapi.security import APIKeyHeader

from api.http.errors import Forbidden, MissingKey, insufficient_scope
from api.http.request_state import RequestState
from commands.directory import Directory
from commands.principals import Principal
from commands.viewers import Viewers
from domain.book import Mode
from ledger.clock import Clock

KEY = APIKeyHeader(
    name="X-Reevit-Key",
    scheme_name="ApiKey",
    description="A key such as `pfk_test_….…`; it names its organization and its mode.",
    auto_error=False,
)

_BEARER = "bearer "


class Authentication:
    """Proves the key or session of a request, and remembers now and then that it was used."""

    def __init__(self, directory: Directory, viewers: Viewers, clock: Clock) -> None:
        self._directory = directory
        self._viewers = viewers
        self._clock = clock
        self._notes: dict[str, asyncio.Task[None]] = {}

    async def caller(self, key: str, *, before_looking_up: Callable[[], None]) -> Principal:
        """Whose key it is; ``before_looking_up`` is called unless that is known already.

        Raises the Unauthorized refusals of ``commands.key_format``.
        """
        caller = await self._directory.principal(key, before_looking_up=before_looking_up)
        self._note_use(caller)
        return caller

    async def viewer(
        self, session: str, mode: Mode, *, is_use: bool, before_looking_up: Callable[[], None]
    ) -> Principal:
        """Who is signed in with a session, and looks at one of two books. Raises SessionEnded."""
        viewer = await self._viewers.viewer(session, mode=mode, before_looking_up=before_looking_up)
        if is_use:
            self._note_use(viewer)
        return viewer

    def _note_use(self, principal: Principal) -> None:
        now = self._clock()
        key, session = principal.key, principal.session
        if key is not None and key.use_is_worth_noting(now):
            self._note(key.key_id, partial(self._directory.note_use, principal))
        if session is not None and session.use_is_worth_noting(now):
            self._note(session.id, partial(self._viewers.note_use, principal))

    def _note(self, name: str, note: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Beside the request, which need not wait for it; once at a time for each key."""
        if name not in self._notes:
            task = self._notes[name] = asyncio.create_task(note())
            task.add_done_callback(partial(self._noted, name))

    def _noted(self, name: str, task: asyncio.Task[None]) -> None:
        """What failed is tried again with the next request; no request fails over it."""
        del self._notes[name]
        if not task.cancelled():
            task.exception()


def key_in(request_state: RequestState) -> str | None:
    """The key that came along, if any did."""
    key = request_state.header(b"x-reevit-key")
    if key:
        return key
    bearer = request_state.header(b"authorization") or ""
    if bearer[: len(_BEARER)].lower() != _BEARER:
        return None
    return bearer[len(_BEARER) :].strip()


def admit(request_state: RequestState, scopes: Sequence[str]) -> None:
    """Raises unless the caller is known, in the right organization, and has one of the scopes."""
    caller = request_state.caller
    if caller is None:
        raise request_state.refused_key or MissingKey()
    org_id = request_state.header(b"x-org-id")
    if org_id and org_id != caller.org_id:
        raise Forbidden("forbidden", "X-Org-Id is not the organization of this key")
    if scopes and not any(caller.may(scope) for scope in scopes):
        raise insufficient_scope(*scopes)
