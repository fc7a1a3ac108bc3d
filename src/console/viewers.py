"""Viewers: who looks at a page, and what they may."""

from dataclasses import dataclass, replace

from api.http.request import ApiRequest
from api.http.request_state import RequestState
from api.resources.organizations import settings_of
from domain.book import MODES, Book, Mode


@dataclass(frozen=True)
class Viewer:
    """``organization`` is what it calls itself, ``zone`` where its days begin (IANA).

    ``color`` is that of its pages, #rrggbb, if it has one. ``role`` says what they may; of somebody
    with a key that is said by its scopes.
    """

    name: str
    organization: str
    mode: Mode
    zone: str
    scopes: frozenset[str]
    role: str = "API key"
    is_person: bool = False
    may_export: bool = True
    may_delete: bool = True
    hides_personal: bool = False
    color: str | None = None

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
        name=caller.name,
        organization=settings["name"] or caller.org_id,
        mode=caller.mode,
        zone=settings["time_zone"] or "UTC",
        scopes=caller.scopes,
        role="API key" if caller.role is None else caller.role.capitalize(),
        is_person=caller.user is not None,
        may_export=caller.may_export,
        may_delete=caller.may_delete,
        hides_personal=caller.hides_personal,
        color=settings["color"],
    )


async def named(viewer: Viewer, request: ApiRequest) -> Viewer:
    """Where the organization has no name in this mode, with that of the other, if it has one."""
    if request.caller.organization.stated_name is not None:
        return viewer
    [other] = (mode for mode in MODES if mode != viewer.mode)
    book = Book(request.org_id, other)
    organization = await request.dependencies.directory.organization(book)
    name = organization and organization.stated_name
    return replace(viewer, organization=name) if name else viewer
