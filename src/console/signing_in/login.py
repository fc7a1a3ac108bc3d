"""Signing in, with a key or as a person, and signing out."""

import asyncio
from typing import Final

from starlette.responses import RedirectResponse, Response

from api.http.addresses import caller_of
from api.http.errors import Unavailable
from api.http.session_cookie import known_in, let_in, let_out, remember, session_in, turn_to
from commands.passwords import CannotProve
from commands.viewers import ACCOUNTS
from console.pages import SIGN_IN, Page
from console.routing import console_router
from console.signing_in.devices import device_of
from console.signing_in.next_page import next_page
from domain.book import Book, Mode
from domain.errors import Unauthorized

router = console_router()

_SEE_OTHER: Final = 303
_UNAUTHORIZED: Final = 401
_ELSEWHERE: Final = ("cross-site", "same-site")


@router.get(SIGN_IN, for_strangers=True)
async def show_login(page: Page) -> Response:
    """The form, to whoever is not signed in.

    Of whom a page elsewhere has led here, no browser says that they are signed in: it is asked
    once more by a page of ours, which it tells.
    """
    after = next_page(page.query.get("next"))
    if page.viewer is not None:
        return RedirectResponse(after, _SEE_OTHER)
    if page.request.request_state.header(b"sec-fetch-site") in _ELSEWHERE:
        response = page.render("signing_in/again.html", after=after)
        response.headers["Refresh"] = f"0; url={after}"
        return response
    return await _form(page, after)


@router.post(SIGN_IN, for_strangers=True)
async def sign_in(page: Page) -> Response:
    """Every browser that signs in gets a session of its own, whatever it has shown before."""
    after = next_page(page.form.get("next"))
    try:
        session = await _session(page)
    except Unauthorized as refused:
        return await _form(page, after, refused=refused.message, status=_UNAUTHORIZED)
    except CannotProve as reason:
        raise Unavailable("sign_in_unavailable", str(reason)) from reason
    await _leave(page)
    response = RedirectResponse(after, _SEE_OTHER)
    let_in(response, session, secure=_is_safe(page))
    remember(response, session, secure=_is_safe(page))
    return response


@router.post("/console/logout", for_strangers=True)
async def sign_out(page: Page) -> Response:
    """The browser shows the session no more; and who has a copy of it, in vain."""
    await _leave(page)
    response = page.see(SIGN_IN, said="You are signed out.")
    let_out(response, secure=_is_safe(page))
    return response


@router.post("/console/mode")
async def change_mode(page: Page) -> Response:
    """Lets a person look at the other book; where they were, the same may not be.

    ``next`` names a page that is there in both.
    """
    response = page.see(next_page(page.form.get("next")))
    mode: Mode = "test" if page.form.get("mode") == "test" else "live"
    turn_to(response, mode, secure=_is_safe(page))
    return response


async def _session(page: Page) -> str:
    """What the browser is to show from now on. Raises Unauthorized, CannotProve, RateLimited."""
    request, form = page.request, page.form
    viewers, limits = request.dependencies.viewers, request.dependencies.sign_ins
    request_id = request.request_state.request_id
    device = device_of(request.request_state.header(b"user-agent"))
    with limits.of_address(caller_of(request.scope)):
        key = form.get("api_key", "").strip()
        if key:
            caller = await request.dependencies.directory.principal(key)
            return await viewers.sign_in(caller, device, request_id=request_id)
        org_id, email = (form.get(name, "").strip() for name in ("organization", "email"))
        with limits.of_account(org_id, email, await _known_browser(page, org_id, email)):
            return await viewers.sign_in_with_password(
                org_id, email, form.get("password", ""), device, request_id=request_id
            )


async def _known_browser(page: Page, org_id: str, email: str) -> str | None:
    """A session that shows that somebody with this address has signed in here before."""
    known = known_in(page.request.request_state)
    viewers = page.request.dependencies.viewers
    return known if known and await viewers.has_been_here(known, org_id, email) else None


async def _leave(page: Page) -> None:
    state = page.request.request_state
    if state.caller is not None:
        viewers = page.request.dependencies.viewers
        await viewers.sign_out(state.caller, request_id=state.request_id)


async def _form(page: Page, after: str, *, refused: str = "", status: int = 200) -> Response:
    """What was sent stands in it again, but for secrets."""
    named = page.form.get("organization") or page.query.get("organization")
    only = await _only_organization(page)
    return page.render(
        "signing_in/login.html",
        status=status,
        after=after,
        refused=refused and f"{refused[0].upper()}{refused[1:]}.",
        organization=named or _organization_before(page) or only,
        # With which it can be opened at all, while nobody has an account.
        first_key_of=only if only and not await _has_accounts(page, only) else "",
        email=page.form.get("email", ""),
        with_key="api_key" in page.form,
    )


def _organization_before(page: Page) -> str | None:
    """The one this browser was signed in to."""
    state = page.request.request_state
    return page.request.dependencies.viewers.organization_of(
        session_in(state) or known_in(state) or ""
    )


async def _only_organization(page: Page) -> str:
    """The only one there is; "" where there are several."""
    ledger = page.request.dependencies.ledger
    books = await asyncio.to_thread(ledger.first_books, "org_", 3)
    found = {Book.named(each).org_id for each in books}
    return found.pop() if len(found) == 1 else ""


async def _has_accounts(page: Page, org_id: str) -> bool:
    ledger = page.request.dependencies.ledger
    return await asyncio.to_thread(ledger.count_streams, str(Book(org_id, ACCOUNTS)), "usr_") > 0


def _is_safe(page: Page) -> bool:
    """Whether people reach the console over TLS."""
    return page.request.dependencies.public_url.startswith("https:")
