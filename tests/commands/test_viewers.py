"""Who is signed in to the console, by the session that a browser shows."""

import asyncio
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache, partial

import pytest
from argon2 import PasswordHasher
from secret_keys import KEYRING
from server import PATIENCE_SECONDS

from commands.api_keys import IssueKey, issue_key, revoke_key
from commands.console_sessions import MOST_OF_ONE, open_sessions
from commands.directory import Directory
from commands.handling.handler import CommandHandler, Context
from commands.handling.ids import Ids
from commands.organizations import found_organization
from commands.passwords import CannotProve, hash_of
from commands.users import AddUser, add_user, remove_user, set_password, set_role
from commands.viewers import NobodySignedIn, Viewers
from domain.console_session import SessionEnded
from domain.user import UserExists
from ledger.deletion import delete_book
from ledger.keyring import Keyring

pytestmark = pytest.mark.anyio

HOUR = timedelta(hours=1)


class MovableClock:
    def __init__(self):
        self.moment = datetime.now(UTC)

    def __call__(self):
        return self.moment


@pytest.fixture
def clock():
    return MovableClock()


@pytest.fixture
def handler(ledger, clock):
    handler = CommandHandler(ledger, clock=clock, ids=Ids(clock), keyring=KEYRING)
    yield handler
    handler.close()


@pytest.fixture
def viewers(handler):
    return Viewers(handler)


@pytest.fixture
async def caller(handler, shop):
    return await Directory(handler).principal(shop.keys["test"])


@pytest.fixture
def sign_in(viewers, caller):
    return partial(viewers.sign_in, caller, "Firefox on Linux", request_id="req_1")


async def _out_soon(viewers, session):
    until = time.monotonic() + PATIENCE_SECONDS
    while not await is_out(viewers, session):
        assert time.monotonic() < until
        await asyncio.sleep(0.05)


async def is_out(viewers, session):
    try:
        await viewers.viewer(session)
    except SessionEnded:
        return True
    return False


async def test_whoever_signs_in_with_a_key_is_who_the_key_is(viewers, caller, sign_in):
    viewer = await viewers.viewer(await sign_in())

    assert (viewer.book, viewer.key_id, viewer.name) == (caller.book, caller.key_id, "first key")
    assert viewer.counted_as != caller.counted_as


async def test_every_time_somebody_signs_in_is_a_session_of_its_own(viewers, sign_in):
    first, second = await sign_in(), await sign_in()

    await viewers.sign_out(await viewers.viewer(first), request_id="req_2")

    assert first != second
    assert await is_out(viewers, first)
    assert not await is_out(viewers, second)


async def test_what_is_nearly_a_session_is_none(viewers, sign_in, shop):
    session = await sign_in()
    secret = session.partition(".")[2]

    for nearly in (
        session[:-1] + ("A" if session[-1] != "A" else "B"),
        session.replace("ses_t", "ses_l"),
        f"ses_t{shop.org_id.removeprefix('org_')}{'0' * 26}.{secret}",
        f"{session}.",
        shop.keys["test"],
        "",
        "ses_",
    ):
        assert await is_out(viewers, nearly)


async def test_only_what_was_proved_is_looked_up_without_being_counted(viewers, sign_in):
    counted = []
    session = await sign_in()

    async def show(raw):
        with suppress(SessionEnded):
            await viewers.viewer(raw, before_looking_up=lambda: counted.append(raw))

    await show(session)
    await show(session)
    await show("guess")
    await show("guess")

    assert counted == [session, "guess", "guess"]


async def test_a_session_is_over_after_half_a_day_of_silence(viewers, sign_in, clock):
    session = await sign_in()
    clock.moment += 11 * HOUR
    await viewers.note_use(await viewers.viewer(session))

    clock.moment += 11 * HOUR
    assert not await is_out(viewers, session)

    clock.moment += 1 * HOUR
    assert await is_out(viewers, session)


async def test_a_key_that_is_revoked_is_out_at_once_and_elsewhere_within_a_second(
    viewers, neighbour, caller, sign_in, handler
):
    session, elsewhere = await sign_in(), Viewers(neighbour)
    assert not await is_out(elsewhere, session)

    await handler.perform(caller.book, partial(revoke_key, key_id=caller.key_id))

    assert await is_out(viewers, session)
    await _out_soon(elsewhere, session)


async def test_a_session_that_is_ended_is_out_elsewhere_too(viewers, neighbour, sign_in):
    session, elsewhere = await sign_in(), Viewers(neighbour)
    assert not await is_out(elsewhere, session)

    await viewers.sign_out(await viewers.viewer(session), request_id="req_2")

    await _out_soon(elsewhere, session)


async def test_nobody_is_signed_in_to_a_book_that_is_deleted(
    viewers, neighbour, caller, sign_in, ledger
):
    session, elsewhere = await sign_in(), Viewers(neighbour)

    delete_book(ledger.engine, caller.book, datetime.now(UTC))

    await _out_soon(viewers, session)
    assert await is_out(elsewhere, session)


async def test_who_signs_in_last_is_listed_first_and_who_is_over_not_at_all(
    handler, viewers, caller, sign_in, clock
):
    old = await sign_in()
    clock.moment += 13 * HOUR
    new = [await sign_in() for _ in range(2)]

    listed = await handler.perform(caller.book, open_sessions)

    known = [(await viewers.viewer(each)).session.id for each in new]
    assert [each.session.id for each in listed] == known[::-1]
    assert await is_out(viewers, old)


async def test_of_too_many_the_oldest_ends(handler, viewers, caller, sign_in):
    sessions = [await sign_in() for _ in range(MOST_OF_ONE + 2)]

    listed = await handler.perform(caller.book, partial(open_sessions, holder=caller.holder))

    assert len(listed) == MOST_OF_ONE
    assert [await is_out(viewers, each) for each in sessions[:3]] == [True, True, False]


async def test_sessions_of_others_are_not_among_those_of_one(handler, viewers, caller, sign_in):
    await sign_in()
    issued = await handler.perform(caller.book, partial(issue_key, command=IssueKey(name="second")))
    second = await Directory(handler).principal(issued.raw)
    await viewers.sign_in(second, None, request_id="req_2")

    own = await handler.perform(caller.book, partial(open_sessions, holder=second.holder))
    everybody = await handler.perform(caller.book, open_sessions)

    assert [each.session.device for each in own] == [None]
    assert {each.holder.id for each in everybody} == {caller.key_id, second.key_id}


PASSWORD = "correct horse battery"
HASHED = cache(partial(hash_of, PASSWORD))


@pytest.fixture
async def efua(handler, live):
    command = AddUser(email="Efua@shop.example", name="Efua", role="support")
    return await handler.perform(live, partial(add_user, command=command, hashed=HASHED()))


@pytest.fixture
def sign_in_as(viewers, shop):
    async def sign_in_as(email, password=PASSWORD, org_id=shop.org_id):
        return await viewers.sign_in_with_password(
            org_id, email, password, "Safari on Mac", request_id="req_1"
        )

    return sign_in_as


async def test_a_person_looks_at_either_book_with_the_rights_of_their_role(
    viewers, efua, sign_in_as, shop
):
    session = await sign_in_as("efua@SHOP.example")

    live = await viewers.viewer(session)
    test = await viewers.viewer(session, mode="test")

    assert (live.book, test.book) == (f"{shop.org_id}/live", f"{shop.org_id}/test")
    assert (live.mode, test.mode) == ("live", "test")
    assert (live.id, live.key_id, live.name, live.role) == (efua.id, None, "Efua", "support")
    assert live.may("payments:read")
    assert not live.may("payments:write")
    assert not live.may_export
    assert not live.may_delete
    assert live.hides_personal


async def test_nobody_is_told_whether_there_is_such_an_account(efua, sign_in_as, shop):
    refusals = []
    for email, password, org_id in (
        (efua.email, "wrong password", shop.org_id),
        ("nobody@shop.example", PASSWORD, shop.org_id),
        (efua.email, PASSWORD, f"org_{'0' * 26}"),
        (efua.email, PASSWORD, "Kente Shop"),
        (efua.email, "", shop.org_id),
        ("", "", ""),
    ):
        with pytest.raises(NobodySignedIn) as refused:
            await sign_in_as(email, password, org_id)
        refusals.append(refused.value.message)

    assert len(set(refusals)) == 1


async def test_whoever_is_unknown_costs_as_much_as_who_is_wrong(efua, sign_in_as, monkeypatch):
    proved = []
    proves = PasswordHasher.verify
    monkeypatch.setattr(
        PasswordHasher, "verify", lambda *given: proved.append(given) or proves(*given)
    )

    for email in (efua.email, "nobody@shop.example"):
        with pytest.raises(NobodySignedIn):
            await sign_in_as(email, "wrong password")

    assert len(proved) == 2
    assert proved[0][1].rpartition("$")[0].split("$")[:4] == proved[1][1].split("$")[:4]


@pytest.mark.parametrize(
    "shut_out",
    [
        partial(set_password, hashed="another"),
        partial(set_role, role="finance"),
        remove_user,
    ],
    ids=["another password", "another role", "removed"],
)
async def test_whoever_is_shut_out_is_out_at_once_and_elsewhere_within_a_second(
    viewers, handler, neighbour, live, efua, sign_in_as, shut_out
):
    session, elsewhere = await sign_in_as(efua.email), Viewers(neighbour)
    assert not await is_out(elsewhere, session)

    await handler.perform(live, partial(shut_out, who=efua.email))

    assert await is_out(viewers, session)
    await _out_soon(elsewhere, session)


async def test_who_was_removed_may_be_added_again_and_signs_in_anew(
    viewers, handler, live, efua, sign_in_as
):
    await handler.perform(live, partial(remove_user, who=efua.email))
    with pytest.raises(NobodySignedIn):
        await sign_in_as(efua.email)
    command = AddUser(email=efua.email, role="owner")
    await handler.perform(live, partial(add_user, command=command, hashed=HASHED()))

    viewer = await viewers.viewer(await sign_in_as(efua.email))

    assert viewer.role == "owner"
    assert viewer.id != efua.id


async def test_two_organizations_may_have_somebody_with_the_same_address(
    viewers, handler, efua, sign_in_as
):
    other = await found_organization(handler, "Other Shop", context=Context())
    command = AddUser(email=efua.email, role="owner")
    another_password = "another long password"
    adding = partial(add_user, command=command, hashed=hash_of(another_password))
    await handler.perform(f"{other.org_id}/live", adding)

    viewer = await viewers.viewer(await sign_in_as(efua.email, another_password, other.org_id))

    assert viewer.org_id == other.org_id
    with pytest.raises(NobodySignedIn):
        await sign_in_as(efua.email, another_password)


async def test_an_address_has_one_account_of_an_organization(handler, live, efua):
    command = AddUser(email=efua.email.upper(), role="owner")

    with pytest.raises(UserExists):
        await handler.perform(live, partial(add_user, command=command, hashed="x"))


async def test_a_password_is_the_same_from_every_keyboard(handler, live, efua, sign_in_as):
    composed, decomposed = "Ama Men\u00e9sah 12", "Ama Mene\u0301sah 12"
    await handler.perform(live, partial(set_password, who=efua.email, hashed=hash_of(composed)))

    assert await sign_in_as(efua.email, decomposed)


async def test_a_hash_is_sealed_for_one_account_alone(live, efua):
    stored = efua.sealed_hash

    assert "argon2" not in stored
    opened = KEYRING.open(stored, purpose=f"password {live} {efua.id}")
    assert opened.startswith("$argon2id$")


async def test_without_the_key_it_was_sealed_with_nobody_signs_in_and_is_told_why(
    ledger, clock, efua, shop
):
    other_keys = CommandHandler(ledger, clock=clock, ids=Ids(clock), keyring=Keyring())
    viewers = Viewers(other_keys)

    with pytest.raises(CannotProve, match="key"):
        await viewers.sign_in_with_password(
            shop.org_id, efua.email, PASSWORD, None, request_id="req_1"
        )
    other_keys.close()


async def test_a_browser_is_known_by_a_session_of_the_same_person_over_or_not(
    viewers, efua, sign_in, sign_in_as, shop
):
    session = await sign_in_as(efua.email)
    await viewers.sign_out(await viewers.viewer(session), request_id="req_2")

    assert await viewers.has_been_here(session, shop.org_id, "EFUA@shop.example")
    assert not await viewers.has_been_here(session, shop.org_id, "kofi@shop.example")
    assert not await viewers.has_been_here(session[:-1], shop.org_id, efua.email)
    assert not await viewers.has_been_here(session, f"org_{'0' * 26}", efua.email)
    assert not await viewers.has_been_here(await sign_in(), shop.org_id, efua.email)
