"""Pages: who looks, at what, as of when; and what they are shown."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from functools import cached_property
from typing import Any, Final
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp

from api.http.errors import ApiError, InvalidInput, MissingKey
from api.http.packing import takes_gzip
from api.http.request import ApiRequest
from api.http.session_cookie import LIVE
from api.http.time_travel import moment_in
from console import notices
from console.addresses import CARRIED, PAST, TRAVEL, address, with_query
from console.api_client import ApiClient
from console.assets import Assets
from console.failures import completed, failure_of
from console.fields import Fields, read_query
from console.moments import Moment, Past
from console.rendering import document, parts_in, rendered
from console.viewers import Viewer, named, viewer_of
from console.writing import Writer
from delivery.looks.readers import Reader, reader_of

SIGN_IN: Final = "/console/login"
_UNAUTHORIZED: Final = 401
_SEE_OTHER: Final = 303
# Of the address: which part of a list is shown. Whoever asks for another list begins at its start.
_PLACE: Final = ("cursor", "offset", "message_cursor")
_TOGETHER: Final = (TRAVEL, ("from", "to", "preset"), ("currency",))


class Page:
    """One look at the console: what it asks, ``api`` answers as of the moment in its address.

    ``form`` is what was sent, empty unless something was. Of a stranger there is no ``viewer``.
    """

    def __init__(self, request: ApiRequest, api: ASGIApp, assets: Assets) -> None:
        self.request = request
        self._unreadable: ApiError | None = None
        try:
            self.query = read_query(request.scope["query_string"])
        except InvalidInput as error:
            self.query, self._unreadable = Fields(), error
        self.form = Fields()
        self.assets = assets
        self.is_without = False
        self._app = api

    @cached_property
    def viewer(self) -> Viewer | None:
        return viewer_of(self.request.request_state)

    @cached_property
    def reader(self) -> Reader:
        return reader_of(self.request.request_state.header(b"accept-language"))

    @cached_property
    def api(self) -> ApiClient:
        """The API, asked as the viewer."""
        return ApiClient(self._app, self.request, self._carried, self.form.get("once", ""))

    @property
    def moment(self) -> Moment:
        """As somebody has typed it."""
        zone = self.viewer.zone if self.viewer else "UTC"
        return Moment(
            self.query.get("as_of"), self.query.get("known_at"), self.query.get("tz", zone)
        )

    @cached_property
    def past(self) -> Past | None:
        """What the page shows instead of the present; of a moment to come, nothing.

        Raises InvalidInput.
        """
        moment = moment_in(urlencode(self._carried).encode(), self._now)
        return None if moment is None else Past(moment.as_of, moment.known_at)

    @property
    def at(self) -> datetime:
        """The moment that the page is about: what its last days end with. Raises InvalidInput."""
        past = self.past
        return (past and (past.as_of or past.known_at)) or self._now

    @cached_property
    def writer(self) -> Writer:
        """Writes as whoever looks reads it."""
        return Writer(reader=self.reader, now=self._now, zone=self.moment.tz, past=self.is_past)

    def may(self, scope: str) -> bool:
        return self.viewer is not None and self.viewer.may(scope)

    @property
    def is_past(self) -> bool:
        return self.past is not None

    def may_change(self, scope: str) -> bool:
        """Whether the viewer may do such a thing from this page: what is past stays as it is."""
        return not self.is_past and self.may(scope)

    @property
    def shows_present(self) -> bool:
        """Whether some of what was asked for as of a past is as it is now."""
        return any(each.is_present for each in self.api.answers)

    @property
    def position(self) -> int | None:
        """Up to which fact all that was asked for is shown."""
        shown = [each.position for each in self.api.answers if each.position is not None]
        return min(shown, default=None)

    @property
    def behind(self) -> int:
        """How many facts are recorded and not shown yet."""
        return max((each.behind for each in self.api.answers), default=0)

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

    @cached_property
    def said(self) -> str:
        """What was done on the page before."""
        return notices.said(self.request)

    @property
    def section(self) -> str:
        """Which of the sections the page is in: the first of them has no name in its address."""
        return self.path.split("/")[2:3][0] if self.path.count("/") > 1 else "overview"

    @cached_property
    def once(self) -> str:
        """What a form carries, so that sending it twice does it once.

        Anew for every rendering, unless what was sent may be recorded all the same.
        """
        kept = self.form.get("once") if "api" in vars(self) and self.api.is_unsure else None
        return kept or self.request.dependencies.handler.ids.secret(16)

    def url(self, path: str, /, *segments: str, **changes: Any) -> str:
        """Another page, as of the same moment, in the same currency and range."""
        return address(path, *segments, **{**self.carried, **changes})

    @property
    def carried(self) -> Mapping[str, str | list[str]]:
        """What goes along from page to page: the moment, the currency and the range."""
        return self.query.chosen(CARRIED)

    def here(self, **changes: Any) -> str:
        """The same page, asked otherwise; None leaves out. From its start, unless that is said."""
        kept = self.query.chosen(name for name in self.query if name not in _PLACE)
        return with_query(self.path, kept | changes)

    @property
    def now(self) -> str:
        """The same page in the present."""
        return self.here(**dict.fromkeys(PAST))

    @property
    def changes(self) -> str:
        """What changed since the moment of the page; nothing for whoever may not see all of it."""
        if not (self.may("payments:read") and self.may("customers:read")):
            return ""
        return self.url("/console/changes", **self.moment.since if self.is_past else {})

    def chosen(self, *names: str) -> dict[str, str | list[str]]:
        """What the address says of these, to be asked of the API."""
        return self.query.chosen(names)

    def render(self, template: str, *, status: int = 200, **values: Any) -> Response:
        """A whole page, or the part of it that is asked for alone."""
        part = self.part if self.part in parts_in(template) else None
        return self._document(template, part, status, values)

    def see(self, path: str, *, said: str = "") -> Response:
        """Leads on after something was done; the next page says so, once."""
        response = RedirectResponse(path, _SEE_OTHER)
        if said:
            notices.say(response, self.request, said)
        return response

    def failed(self, error: ApiError) -> Response:
        """A page, or the part of one, in place of what was asked for."""
        if error.status == _UNAUTHORIZED and self.viewer is None:
            return self._to_sign_in()
        self._let_go_of((error.details or {}).get("field"))
        part = None if self.part is None else "failure"
        sent = self.request.method == "POST"
        role = self.viewer.role if self.viewer and self.viewer.is_person else None
        values = {"failure": failure_of(error, sent=sent, role=role)}
        response = self._document("failure.html", part, error.status, values)
        return completed(response, error, sent=sent)

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
    def _now(self) -> datetime:
        return self.request.dependencies.handler.clock()

    @property
    def _carried(self) -> dict[str, str]:
        said = asdict(self.moment)
        return {name: value for name, value in said.items() if value is not None}

    def _document(
        self, template: str, part: str | None, status: int, values: Mapping[str, Any]
    ) -> Response:
        html = rendered(
            template,
            self.writer,
            part=part,
            once=self.once,
            may_export=self.viewer is None or self.viewer.may_export,
            page=self,
            asset=self.assets.address,
            **values,
        )
        response = document(html, status, small=self.takes_gzip)
        if part is None and self.said:
            notices.forget(response)
        return response

    @property
    def takes_gzip(self) -> bool:
        return takes_gzip(self.request.request_state)

    def _to_sign_in(self) -> Response:
        if self.path == LIVE:
            return Response(status_code=_UNAUTHORIZED)
        asked = with_query(self.path, self.query.chosen(self.query))
        place = address(SIGN_IN, next=asked if self.request.method == "GET" else None)
        if self.part is None:
            return RedirectResponse(place, _SEE_OTHER)
        return Response(headers={"HX-Redirect": place})

    def _let_go_of(self, field: object) -> None:
        """What nobody can read is not asked for again, nor a moment or a range carried on."""
        gone = next((each for each in _TOGETHER if field in each), () if self.part else (field,))
        if field in TRAVEL:
            self.past = None
        kept = Fields(each for each in self.query.pairs if each[0] not in gone)
        self.is_without = self.is_without or len(kept) < len(self.query)
        self.query = kept
