"""My account: who somebody is, what they may, and another password."""

from typing import Final

from pydantic import TypeAdapter, ValidationError
from starlette.responses import Response

from api.http.errors import Unavailable
from api.http.session_cookie import let_in, remember, session_in
from commands.passwords import SHORTEST, CannotProve
from commands.users import Password
from commands.viewers import WrongPassword
from console.pages import Page
from console.problems import NONE, Problems, problem
from console.routing import console_router
from console.signing_in.devices import device_of

router = console_router()

_PLACE: Final = "/console/settings/account"


@router.get(_PLACE)
async def show_account(page: Page) -> Response:
    return _shown(page)


@router.post(f"{_PLACE}/password")
async def change_password(page: Page) -> Response:
    """All other browsers are out; this one shows another session from now on."""
    if problems := _problems(page):
        return _shown(page, problems)
    try:
        session = await _changed(page)
    except WrongPassword:
        return _shown(page, problem("old", "This is not your password."))
    except CannotProve as reason:
        raise Unavailable("sign_in_unavailable", str(reason)) from reason
    response = page.see(_PLACE, said="Your password is another. You are signed out elsewhere.")
    secure = page.request.dependencies.public_url.startswith("https:")
    let_in(response, session, secure=secure)
    remember(response, session, secure=secure)
    return response


async def _changed(page: Page) -> str:
    """Who tries in vain is counted, as where people sign in."""
    request, viewer = page.request, page.request.caller
    parts, state = request.dependencies, request.request_state
    device = device_of(state.header(b"user-agent"))
    with parts.sign_ins.of_account(viewer.org_id, viewer.id, session_in(state)):
        return await parts.viewers.change_password(
            viewer,
            page.form.get("old", ""),
            page.form.get("new", ""),
            device,
            request_id=state.request_id,
        )


def _problems(page: Page) -> Problems:
    """What is wrong with the new password, whatever the old one is."""
    new = page.form.get("new", "")
    try:
        TypeAdapter(Password).validate_python(new)
    except ValidationError:
        return problem("new", f"It needs {SHORTEST} characters or more.")
    if new != page.form.get("again", ""):
        return problem("again", "This is not what you wrote above.")
    return NONE


def _shown(page: Page, problems: Problems = NONE) -> Response:
    return page.render(
        "settings/account.html",
        who=page.request.caller,
        shortest=SHORTEST,
        problems=problems,
        status=problems.status,
    )
