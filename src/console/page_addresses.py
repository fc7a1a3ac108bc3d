"""Page addresses: which page is asked for, by whom, as of when; and where else there is to go."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from functools import cached_property
from typing import Any, Final
from urllib.parse import urlencode

from api.http.errors import ApiError, InvalidInput, MissingKey
from api.http.request import ApiRequest
from api.http.time_travel import moment_in
from console.addresses import PAST, TRAVEL, address, taken_by, with_query
from console.fields import Fields, read_query
from console.moments import WAYS, Moment, Past, typed_moment
from console.sections import SECTIONS, Section, scopes_of
from console.viewers import Viewer, named, viewer_of
from delivery.looks.readers import Reader, reader_of

# Of the address: which part of a list is shown. Whoever asks for another list begins at its start.
_PLACE: Final = ("cursor", "offset", "message_cursor")
# Of the header's form: a day, a time of it, and which of the two ways to look back.
_TYPED: Final = ("look_day", "look_time", "look_way")
_TOGETHER: Final = (TRAVEL, ("from", "to", "preset"), ("currency",))


class PageAddress:
    """What is asked for, as of the moment in the address. Of a stranger there is no ``viewer``."""

    def __init__(self, request: ApiRequest) -> None:
        self.request = request
        self.is_without = False
        self._unreadable: ApiError | None = None
        try:
            self.query = read_query(request.scope["query_string"])
        except InvalidInput as error:
            self.query, self._unreadable = Fields(), error

    @cached_property
    def viewer(self) -> Viewer | None:
        return viewer_of(self.request.request_state)

    @cached_property
    def reader(self) -> Reader:
        return reader_of(self.request.request_state.header(b"accept-language"))

    @property
    def moment(self) -> Moment:
        """As somebody has typed it."""
        return Moment(
            self.query.get("as_of"),
            self.query.get("known_at"),
            self.query.get("tz", self._own_zone),
        )

    @cached_property
    def past(self) -> Past | None:
        """What the page shows instead of the present; of a moment to come, nothing.

        Raises InvalidInput.
        """
        moment = moment_in(urlencode(self._carried).encode(), self._now)
        return None if moment is None else Past(moment.as_of, moment.known_at)

    @property
    def is_past(self) -> bool:
        return self.past is not None

    @property
    def at(self) -> datetime:
        """The moment that the page is about: what its last days end with. Raises InvalidInput."""
        past = self.past
        return (past and (past.as_of or past.known_at)) or self._now

    def may(self, scope: str) -> bool:
        return self.viewer is not None and self.viewer.may(scope)

    def may_change(self, scope: str) -> bool:
        """Whether the viewer may do such a thing from this page: what is past stays as it is."""
        return not self.is_past and self.may(scope)

    def sees(self, path: str) -> bool:
        return all(map(self.may, scopes_of(path)))

    @property
    def sections(self) -> list[Section]:
        """Those that the viewer sees."""
        return [each for each in SECTIONS if self.sees(each.path)]

    @property
    def path(self) -> str:
        """As it was asked for."""
        return str(self.request.scope["raw_path"].decode("latin-1"))

    @property
    def part(self) -> str | None:
        """The block that is asked for alone: called as the element that it takes the place of."""
        if not self.request.request_state.header(b"hx-request"):
            return None
        target = self.request.request_state.header(b"hx-target") or ""
        return target.rpartition("#")[2]

    @property
    def section(self) -> str:
        """Which of the sections the page is in: the first of them has no name in its address."""
        return self.path.split("/")[2:3][0] if self.path.count("/") > 1 else "overview"

    def url(self, path: str, /, *segments: str, **changes: Any) -> str:
        """Another page, as of the same moment; in the same currency and range, if it has them."""
        return address(path, *segments, **{**self.carried_to(path), **changes})

    def link(self, path: str, /, *segments: str, **changes: Any) -> str:
        """The same of a page that the viewer perhaps may not see: then none, and no link to it."""
        return self.url(path, *segments, **changes) if self.sees(path) else ""

    @property
    def carried(self) -> Mapping[str, str | list[str]]:
        """What goes along from this page to itself."""
        return self.carried_to(self.path)

    def carried_to(self, path: str) -> Mapping[str, str | list[str]]:
        """The moment, the zone where it is not the viewer's own, and what the page takes."""
        zone = () if self.query.get("tz") == self._own_zone else ("tz",)
        return self.query.chosen((*PAST, *zone, *taken_by(path)))

    def here(self, **changes: Any) -> str:
        """The same page, asked otherwise; None leaves out. From its start, unless that is said."""
        kept = self.query.chosen(name for name in self.query if name not in _PLACE)
        return with_query(self.path, kept | changes)

    @property
    def now(self) -> str:
        """The same page in the present."""
        return self.here(**dict.fromkeys(PAST))

    @property
    def looked_back(self) -> str | None:
        """The same page as of the moment that was typed into the header; None where none was."""
        day, time, way = (self.query.get(name) for name in _TYPED)
        if day is None or self.request.method != "GET":
            return None
        by = way if way in WAYS else "as_of"
        moment = dict.fromkeys(PAST) | {by: typed_moment(day, time)}
        return self.here(**dict.fromkeys(_TYPED) | moment)

    @property
    def changes(self) -> str:
        """What changed since the moment of the page; nothing for whoever may not see all of it."""
        if not (self.may("payments:read") and self.may("customers:read")):
            return ""
        return self.url("/console/changes", **self.moment.since if self.is_past else {})

    def chosen(self, *names: str) -> dict[str, str | list[str]]:
        """What the address says of these, to be asked of the API."""
        return self.query.chosen(names)

    def must_be_readable(self) -> None:
        """Raises InvalidInput for an address, a moment or a zone that nobody can read."""
        if self._unreadable is not None:
            self.is_without = True
            raise self._unreadable
        _ = self.past

    def must_be_signed_in(self) -> None:
        if self.viewer is None:
            raise self.request.request_state.refused_key or MissingKey()

    async def learn_who_looks(self) -> None:
        """What their organization is called where it has no name in this mode."""
        if self.viewer is not None:
            self.viewer = await named(self.viewer, self.request)

    @property
    def _own_zone(self) -> str:
        return self.viewer.zone if self.viewer else "UTC"

    @property
    def _now(self) -> datetime:
        return self.request.dependencies.handler.clock()

    @property
    def _carried(self) -> dict[str, str]:
        said = asdict(self.moment)
        return {name: value for name, value in said.items() if value is not None}

    def _let_go_of(self, field: object) -> None:
        """What nobody can read is not asked for again, nor a moment or a range carried on."""
        gone = next((each for each in _TOGETHER if field in each), () if self.part else (field,))
        if field in TRAVEL:
            self.past = None
        kept = Fields(each for each in self.query.pairs if each[0] not in gone)
        self.is_without = self.is_without or len(kept) < len(self.query)
        self.query = kept
