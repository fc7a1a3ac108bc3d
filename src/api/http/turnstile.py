"""Turnstile: against which rate limit a request counts, that of its caller or of its address.

It is counted before anything is read, and then known by its key.
"""

from collections.abc import Awaitable, Callable
from functools import partial

from starlette.types import Scope

from api.http.addresses import caller_of
from api.http.authentication import Authentication, key_in
from api.http.errors import RateLimited
from api.http.rate_limits import Allowance, RateLimit
from api.http.request_state import RequestState
from api.http.session_cookie import is_console, is_use, mode_in, session_in
from commands.principals import Principal
from domain.errors import Unauthorized

Prove = Callable[..., Awaitable[Principal]]

# Whoever restarts what does not answer must be answered when it matters most.
ALWAYS_ANSWERED = "/healthz"


class Turnstile:
    """Counts a good key by itself, and everybody else by their address.

    A key that is not known yet is looked up in the ledger: by nobody whose address has asked too
    often. One that turns out to be good has not been counted against the address.
    """

    def __init__(
        self, authentication: Authentication, *, per_key: RateLimit, per_address: RateLimit
    ) -> None:
        self._authentication = authentication
        self._per_key = per_key
        self._per_address = per_address

    async def enter(self, request_state: RequestState, scope: Scope) -> None:
        """Tells the request state who asks and what they may still ask; raises RateLimited."""
        if scope["path"] == ALWAYS_ANSWERED:
            request_state.allowance = self._per_address.look(caller_of(scope))
            return
        prove = self._prove_by(request_state, scope)
        if prove is None:
            self.count(request_state, scope)
        else:
            await self._prove(prove, request_state, scope)

    def count(self, request_state: RequestState, scope: Scope) -> None:
        """Counts somebody against their address; raises RateLimited."""
        _pass(request_state, self._per_address.hit(caller_of(scope)))

    def _prove_by(self, request_state: RequestState, scope: Scope) -> Prove | None:
        """What proves who asks; None where they have shown nothing."""
        if is_console(scope["path"]):
            session, mode = session_in(request_state), mode_in(request_state)
            used = is_use(request_state, scope["path"])
            viewer = partial(self._authentication.viewer, is_use=used)
            return partial(viewer, session, mode) if session else None
        key = key_in(request_state)
        return None if key is None else partial(self._authentication.caller, key)

    async def _prove(self, prove: Prove, request_state: RequestState, scope: Scope) -> None:
        def count() -> None:
            self.count(request_state, scope)

        try:
            caller = await prove(before_looking_up=count)
        except Unauthorized as refused:
            request_state.refused_key = refused
            if request_state.allowance is None:
                count()
            return
        if request_state.allowance is not None:
            self._per_address.take_back(caller_of(scope))
        request_state.caller = caller
        _pass(request_state, self._per_key.hit(caller.counted_as))


def _pass(request_state: RequestState, allowance: Allowance | None) -> None:
    request_state.allowance = allowance
    if allowance is not None and not allowance.allowed:
        raise RateLimited(allowance.retry_after_seconds)
