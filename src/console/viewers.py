"""Viewers: who looks at a page, and what they may."""

from dataclasses import dataclass

from api.http.request_state import RequestState
from api.resources.organizations import settings_of
from domain.book import Mode


@dataclass(frozen=True)
class Viewer:
    """``organization`` is what it calls itself, ``zone`` where its days begin (IANA)."""

    name: str
    organization: str
    mode: Mode
    zone: str
    scopes: frozenset[str]

    def may(self, scope: str) -> bool:
        """Whoever has no scope listed may do everything."""
        return not self.scopes or scope in self.scopes


def viewer_of(state: RequestState) -> Viewer | None:
    """Whoever was let in; None of a stranger."""
    caller = state.caller
    if caller is None:
        return None
    settings = settings_of(caller.organization)
    return Viewer(
        name=caller.key.name,
        organization=settings["name"] or caller.org_id,
        mode=caller.mode,
        zone=settings["time_zone"] or "UTC",
        scopes=frozenset(caller.key.scopes),
    )
