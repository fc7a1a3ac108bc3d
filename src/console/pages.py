"""Pages: what whoever looks is shown, of what they ask, and what they are led to."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final

from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp

from api.http.errors import ApiError
from api.http.packing import takes_gzip
from api.http.request import ApiRequest
from api.http.session_cookie import LIVE
from console import notices
from console.addresses import address, with_query
from console.api_client import ApiClient
from console.assets import Assets
from console.failures import completed, failure_of
from console.fields import Fields
from console.page_addresses import PageAddress
from console.rendering import document, parts_in, rendered
from console.writing import Writer

SIGN_IN: Final = "/console/login"
_UNAUTHORIZED: Final = 401
_SEE_OTHER: Final = 303


class Page(PageAddress):
    """One look at the console: what it asks, ``api`` answers as of the moment in its address.

    ``form`` is what was sent, empty unless something was.
    """

    def __init__(self, request: ApiRequest, api: ASGIApp, assets: Assets) -> None:
        super().__init__(request)
        self.form = Fields()
        self.assets = assets
        self._app = api

    @cached_property
    def api(self) -> ApiClient:
        """The API, asked as the viewer."""
        return ApiClient(self._app, self.request, self._carried, self.form.get("once", ""))

    @cached_property
    def writer(self) -> Writer:
        """Writes as whoever looks reads it."""
        return Writer(reader=self.reader, now=self._now, zone=self.moment.tz, past=self.is_past)

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

    @cached_property
    def said(self) -> str:
        """What was done on the page before."""
        return notices.said(self.request)

    @cached_property
    def once(self) -> str:
        """What a form carries, so that sending it twice does it once.

        Anew for every rendering, unless what was sent may be recorded all the same.
        """
        kept = self.form.get("once") if "api" in vars(self) and self.api.is_unsure else None
        return kept or self.request.dependencies.handler.ids.secret(16)

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
