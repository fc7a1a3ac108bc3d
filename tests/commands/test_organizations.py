"""Organization commands and API keys: who may come in, and who may no longer."""

import asyncio
from hashlib import sha256

import pytest
from pydantic import ValidationError

from commands.api_keys import IssueKey, issue_key, list_keys, revoke_key
from commands.directory import Directory
from commands.handling.handler import Context
from commands.imported_api_keys import NotImportable, import_key
from commands.key_format import parse
from commands.organizations import AlreadyFounded, Founded, first_org_id, found_organization
from domain.api_key import ApiKeyRevoked, InvalidApiKey, KeyNotFound
from domain.organization import Organization

pytestmark = pytest.mark.anyio


@pytest.fixture
def directory(handler):
    return Directory(handler)


async def test_an_organization_has_two_books_and_a_key_for_each(shop, directory):
    for mode in ("test", "live"):
        principal = await directory.principal(shop.keys[mode])

        assert (principal.org_id, principal.mode) == (shop.org_id, mode)
        assert principal.book == f"{shop.org_id}/{mode}"
        assert principal.organization.name == "Kente Shop"
        assert principal.may("payments:write")


async def test_a_key_says_its_mode_and_organization(shop):
    raw = shop.keys["test"]

    assert raw.startswith(f"pfk_test_{shop.org_id.removeprefix('org_')}")
    assert str(parse(raw)) == raw


async def test_no_secret_is_stored(shop, ledger, book):
    secret = shop.keys["test"].partition(".")[2]

    text = "".join(fact.data + fact.context for fact in ledger.read(book, limit=100))

    assert secret not in text
    assert sha256(secret.encode()).hexdigest() in text


async def test_a_store_has_one_first_organization_however_many_processes_start(
    handler, neighbour, ledger
):
    first = first_org_id(ledger.identity().store_id)

    founded = await asyncio.gather(
        *(
            found_organization(by, "First", context=Context(), org_id=first)
            for by in (handler, neighbour) * 4
        ),
        return_exceptions=True,
    )

    assert [type(each) for each in founded].count(AlreadyFounded) == 7
    assert sorted(ledger.heads()) == [f"{first}/live", f"{first}/test"]
    (keys,) = [each.keys for each in founded if isinstance(each, Founded)]
    assert (await Directory(neighbour).principal(keys["live"])).org_id == first


async def test_a_key_is_good_at_once_in_every_process(shop, do, neighbour):
    elsewhere = Directory(neighbour)
    await elsewhere.principal(shop.keys["test"])

    issued = await do(issue_key, IssueKey(name="new"))

    assert (await elsewhere.principal(issued.raw)).key_id == issued.key.key_id


async def test_an_issued_key_may_do_what_it_was_issued_for(do, directory):
    issued = await do(issue_key, IssueKey(name="reader", scopes=["payments:read"]))

    principal = await directory.principal(issued.raw)

    assert principal.key_id == issued.key.key_id
    assert principal.may("payments:read")
    assert not principal.may("payments:write")


async def test_a_scope_nobody_knows_is_refused():
    with pytest.raises(ValidationError, match="there is no scope payments:steal"):
        IssueKey(name="thief", scopes=["payments:steal"])


@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": None}], ids=str)
async def test_a_key_has_a_name(body):
    with pytest.raises(ValidationError):
        IssueKey.model_validate(body)


async def test_a_revoked_key_is_refused_at_once(do, shop, directory):
    principal = await directory.principal(shop.keys["test"])

    await do(revoke_key, principal.key_id)

    with pytest.raises(ApiKeyRevoked):
        await directory.principal(shop.keys["test"])


async def test_a_key_revoked_by_another_process_is_refused_within_a_second(
    do, shop, directory, neighbour
):
    principal = await directory.principal(shop.keys["test"])
    await do(revoke_key, principal.key_id, by=neighbour)

    await asyncio.sleep(0.9)

    with pytest.raises(ApiKeyRevoked):
        await directory.principal(shop.keys["test"])


async def test_a_key_issued_by_another_process_is_known_within_a_second(
    do, shop, directory, neighbour
):
    await directory.principal(shop.keys["test"])
    issued = await do(issue_key, IssueKey(name="new"), by=neighbour)

    await asyncio.sleep(0.9)

    assert (await directory.principal(issued.raw)).key_id == issued.key.key_id


async def test_keys_are_listed_newest_first_with_the_revoked_ones(do):
    issued = await do(issue_key, IssueKey(name="second"))
    await do(revoke_key, issued.key.key_id)

    newest, oldest = await do(list_keys)

    assert (newest.name, oldest.name) == ("second", "first key")
    assert newest.revoked_at is not None


async def test_a_key_nobody_issued_cannot_be_revoked(do):
    with pytest.raises(KeyNotFound):
        await do(revoke_key, "key_unknown")


async def test_what_is_not_a_key_of_ours_is_refused(shop, directory):
    right = shop.keys["test"]
    wrong_secret = right[:-2] + ("aa" if not right.endswith("aa") else "bb")
    other_mode = right.replace("pfk_test_", "pfk_live_")
    nobody = "pfk_test_" + "0" * 52 + "." + "a" * 43

    for raw in (
        "",
        "pfk_test_x",
        "sk_test_51H8xyzABCDEFabcdef",
        wrong_secret,
        other_mode,
        nobody,
        right + "\n",
        "\x00",
    ):
        with pytest.raises(InvalidApiKey):
            await directory.principal(raw)


@pytest.mark.parametrize(("prefix", "mode"), [("sk_test", "test"), ("pk_live", "live")])
async def test_a_key_made_elsewhere_may_be_imported(handler, shop, directory, prefix, mode):
    raw = f"{prefix}_51H8xyzABCDEFabcdef123456"

    key = await import_key(
        handler, shop.org_id, raw, IssueKey(name="old", scopes=["payments:read"]), context=Context()
    )

    principal = await directory.principal(raw)
    assert (principal.org_id, principal.mode) == (shop.org_id, mode)
    assert principal.key_id == key.key_id
    assert not principal.may("payments:write")


async def test_an_imported_key_is_revoked_like_any_other(handler, do, shop, directory):
    raw = "sk_test_51H8xyzABCDEFabcdef123456"
    key = await import_key(handler, shop.org_id, raw, IssueKey(name="old"), context=Context())

    await do(revoke_key, key.key_id)

    with pytest.raises(ApiKeyRevoked):
        await directory.principal(raw)


async def test_a_key_is_imported_once_and_for_one_organization(handler, shop, directory):
    raw = "sk_test_51H8xyzABCDEFabcdef123456"
    other = await found_organization(handler, "Other", context=Context())

    results = await asyncio.gather(
        *(
            import_key(handler, org_id, raw, IssueKey(name="old"), context=Context())
            for org_id in (shop.org_id, other.org_id)
        ),
        return_exceptions=True,
    )

    assert sorted(type(result).__name__ for result in results) == ["Key", "KeyExists"]
    assert (await directory.principal(raw)).org_id in (shop.org_id, other.org_id)


@pytest.mark.parametrize("raw", ["", "hunter2", "sk_test_short", "sk_prod_51H8xyzABCDEFabcdef"])
async def test_what_does_not_look_like_a_key_cannot_be_imported(handler, shop, raw):
    with pytest.raises(NotImportable):
        await import_key(handler, shop.org_id, raw, IssueKey(name="old"), context=Context())


async def test_a_key_of_our_own_form_cannot_be_imported_for_it_would_never_open(handler, shop):
    with pytest.raises(NotImportable):
        await import_key(
            handler, shop.org_id, shop.keys["live"], IssueKey(name="old"), context=Context()
        )


async def test_the_use_of_a_key_is_noted_once(shop, directory, ledger, book):
    before = ledger.head(book)

    for _ in range(3):
        principal = await directory.principal(shop.keys["test"])
        await directory.note_use(principal)

    (noted,) = ledger.read(book, after=before, limit=10)
    assert noted.topic == Organization.KeyUsed.TOPIC
    assert (await directory.principal(shop.keys["test"])).key.last_used_at is not None


async def test_two_organizations_do_not_share_keys(handler, shop, directory):
    other = await found_organization(handler, "Other", context=Context())

    assert (await directory.principal(other.keys["test"])).org_id != shop.org_id
