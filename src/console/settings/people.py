"""People: who has an account of the organization, what they may, and where they are signed in."""

from typing import Any, Final

from starlette.responses import Response

from api.http.errors import ApiError
from console.pages import Page
from console.problems import NONE, Problems, not_typed, problem, problems_of
from console.routing import console_router
from console.steps import steps
from console.wording import sentence_of
from domain.user import ROLES

router = console_router()

PLACE: Final = "/console/settings/people"

_ONE: Final = f"{PLACE}/{{user_id}}"
_MAY: Final = {
    "owner": "Everything.",
    "finance": "Everything but API keys, people, and rebuilding the store.",
    "support": (
        "Sees everything but API keys, people and System, with the names of customers covered. "
        "Edits customers, but deletes none."
    ),
}

_ACTS: Final = {
    "console_session.began": "Signed in",
    "customer.revealed": "Saw who a customer is",
    "customer.data_taken": "Downloaded all data",
}


@router.get(PLACE)
async def list_people(page: Page) -> Response:
    if not page.request.caller.opens_both:
        return _elsewhere(page)
    found = await page.api.get("/v1/users", **page.chosen("cursor", "offset"), limit=50)
    return page.render(
        "settings/people.html",
        found=found,
        own=page.request.caller.id,
        **steps(page, found["pagination"], len(found["users"])),
    )


def _elsewhere(page: Page) -> Response:
    """Where people are: a key of test mode sees none of them."""
    return page.render("settings/people.html", found=None)


@router.get(f"{PLACE}/new", scope="users:write")
async def show_new(page: Page) -> Response:
    return _form(page) if page.request.caller.opens_both else _elsewhere(page)


@router.post(f"{PLACE}/new")
async def add(page: Page) -> Response:
    """The answer shows the password: nobody is told it again on a page."""
    said: dict[str, Any] = {name: page.form.get(name, "").strip() for name in ("email", "role")}
    if name := page.form.get("name", "").strip():
        said["name"] = name
    try:
        made = await page.api.post("/v1/users", **said)
    except ApiError as error:
        return _form(page, problems_of(error))
    return _password(page, made.body)


@router.get(_ONE)
async def show_person(page: Page, user_id: str) -> Response:
    return await _shown(page, user_id)


@router.post(f"{_ONE}/role")
async def set_role(page: Page, user_id: str) -> Response:
    try:
        user = await page.api.patch("/v1/users/{}", user_id, role=page.form.get("role", ""))
    except ApiError as error:
        return await _shown(page, user_id, problems_of(error))
    return _see(page, user_id, f"They are {user['role']} from now on, and signed out everywhere.")


@router.post(f"{_ONE}/password")
async def set_password(page: Page, user_id: str) -> Response:
    made = await page.api.post("/v1/users/{}/password", user_id)
    return _password(page, made.body)


@router.post(f"{_ONE}/sign-out")
async def sign_out(page: Page, user_id: str) -> Response:
    await page.api.delete("/v1/users/{}/sessions", user_id)
    return _see(page, user_id, "They are signed out everywhere.")


@router.post(f"{_ONE}/remove")
async def remove(page: Page, user_id: str) -> Response:
    user = await page.api.get("/v1/users/{}", user_id)
    if problems := not_typed(page, user["email"], "This is not their address."):
        return await _shown(page, user_id, problems)
    try:
        await page.api.delete("/v1/users/{}", user_id)
    except ApiError as error:
        return await _shown(page, user_id, problem("typed", problems_of(error).beside()))
    return page.see(page.url(PLACE), said="They have no account any more.")


async def _shown(page: Page, user_id: str, problems: Problems = NONE) -> Response:
    user = await page.api.get("/v1/users/{}", user_id)
    sessions = await page.api.get("/v1/users/{}/sessions", user_id)
    return page.render(
        "settings/person.html",
        **await _activity(page, user_id),
        user=user.body,
        sessions=sessions["sessions"],
        call=user.call,
        roles=_roles(),
        may=_MAY,
        problems=problems,
        is_own=page.request.caller.id == user_id,
        status=problems.status,
    )


async def _activity(page: Page, user_id: str) -> dict[str, Any]:
    """When they signed in and whom they looked at, for whoever may know customers."""
    if not page.may("customers:read"):
        return {"activity": None}
    asked = page.chosen("cursor", "offset")
    try:
        found = await page.api.get("/v1/users/{}/activity", user_id, **asked)
    except ApiError as error:
        return {"activity": None, "unread": sentence_of(error.message, beside=False)}
    shown = len(found["activity"])
    return {"activity": found, "acts": _ACTS, **steps(page, found["pagination"], shown)}


def _form(page: Page, problems: Problems = NONE) -> Response:
    return page.render(
        "settings/person_new.html",
        roles=_roles(),
        may=_MAY,
        problems=problems,
        status=problems.status,
    )


def _password(page: Page, user: dict[str, Any]) -> Response:
    return page.render("settings/person_password.html", user=user, org=page.request.caller.org_id)


def _roles() -> list[tuple[str, str]]:
    return [(role, role.capitalize()) for role in ROLES]


def _see(page: Page, user_id: str, said: str) -> Response:
    return page.see(page.url(f"{PLACE}/{{}}", user_id), said=said)
