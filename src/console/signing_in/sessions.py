"""Sessions: where somebody is signed in, or everybody is, to be ended."""

from starlette.responses import Response

from api.http.session_cookie import let_out
from console.pages import SIGN_IN, Page
from console.routing import console_router

router = console_router()

_PLACE = "/console/settings/sessions"


@router.get(_PLACE)
async def list_sessions(page: Page) -> Response:
    """Their own; to whoever may hand out keys, those of everybody."""
    viewer = page.request.caller
    signed_in = await page.request.dependencies.viewers.signed_in(viewer)
    return page.render(
        "signing_in/sessions.html", signed_in=signed_in, own=viewer.session and viewer.session.id
    )


@router.post(f"{_PLACE}/{{session_id}}/end")
async def end_session(page: Page, session_id: str) -> Response:
    """Whoever ends the one that they look with is out."""
    viewer, state = page.request.caller, page.request.request_state
    viewers = page.request.dependencies.viewers
    await viewers.end(viewer, session_id, request_id=state.request_id)
    if viewer.session is None or viewer.session.id != session_id:
        return page.see(_PLACE, said="The session has ended.")
    response = page.see(SIGN_IN, said="You are signed out.")
    let_out(response, secure=page.request.site.startswith("https:"))
    return response
