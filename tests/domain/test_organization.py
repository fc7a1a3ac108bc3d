"""Organizations and API keys: what may happen to them."""

from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.api_key import (
    MOST_KEYS_IN_USE,
    SCOPES,
    ApiKeyRevoked,
    KeyIsTooNarrow,
    KeyNotFound,
    TooManyKeys,
)
from domain.organization import Organization

NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture
def shop():
    shop = Organization.found(
        "org_1", name="Kente Shop", mode="test", client_secret_seed="seed", now=NOW
    )
    shop.issue_key(
        "key_1",
        name="server",
        scopes=["payments:write", "payments:read", "payments:read"],
        secret_sha256="digest",
        now=NOW,
    )
    return shop


def test_a_key_may_do_what_its_scopes_say(shop):
    key = shop.key("key_1")

    assert key.scopes == ["payments:read", "payments:write"]
    assert key.may("payments:read")
    assert not key.may("customers:read")


def test_a_key_without_scopes_may_do_everything(shop):
    shop.issue_key("key_2", name="all", secret_sha256="digest", now=NOW)

    assert all(shop.key("key_2").may(scope) for scope in SCOPES)


def test_the_use_of_a_key_is_noted_once_an_hour(shop):
    for minutes in (0, 1, 59, 60, 61):
        shop.note_key_use("key_1", NOW + timedelta(minutes=minutes))

    noted = [fact for fact in shop.pending_events if isinstance(fact, Organization.KeyUsed)]
    assert len(noted) == 2
    assert shop.key("key_1").last_used_at == NOW + timedelta(minutes=60)


def test_a_key_is_revoked_once(shop):
    shop.revoke_key("key_1", NOW)
    shop.revoke_key("key_1", NOW + timedelta(hours=1))

    assert shop.key("key_1").revoked_at == NOW


@pytest.fixture
def family(shop):
    """key_1 made key_2, which made key_3, which made key_4; an operator made key_5."""
    for number, made_by in {2: "key_1", 3: "key_2", 4: "key_3", 5: None}.items():
        scopes = ["payments:read"] if number < 5 else []
        issue(shop, number, scopes, made_by=made_by)
    return shop


def issue(shop, number, scopes=(), *, made_by=None):
    shop.issue_key(
        f"key_{number}",
        name="a key",
        scopes=scopes,
        secret_sha256="digest",
        made_by=made_by,
        now=NOW,
    )


def revoked(shop):
    return [key.key_id for key in shop.keys.values() if key.revoked_at]


def test_a_key_is_revoked_with_all_that_came_of_it(family):
    """Whether what stands between them is revoked already or not."""
    family.revoke_key("key_3", NOW)

    family.revoke_key("key_2", NOW, descendants=True)

    assert revoked(family) == ["key_2", "key_3", "key_4"]


def test_those_a_key_has_made_outlive_it_when_nothing_is_said(family):
    family.revoke_key("key_1", NOW)

    assert revoked(family) == ["key_1"]


def test_a_key_revokes_itself_and_others_that_may_do_no_more(family):
    for asker, named in {"key_2": "key_3", "key_4": "key_4", "key_5": "key_1"}.items():
        family.revoke_key(named, NOW, by=asker)

    assert revoked(family) == ["key_1", "key_3", "key_4"]


@pytest.mark.parametrize(("asker", "named"), [("key_2", "key_1"), ("key_1", "key_5")])
def test_a_key_revokes_none_that_may_do_more(family, asker, named):
    with pytest.raises(KeyIsTooNarrow, match="revoke"):
        family.revoke_key(named, NOW, by=asker)

    assert revoked(family) == []


def test_nothing_is_revoked_when_one_of_those_that_came_of_it_may_do_more(shop):
    issue(shop, 2)
    issue(shop, 3, ["payments:read"], made_by="key_2")
    issue(shop, 4, ["payments:read"], made_by="key_3")
    vars(shop)["keys"] = shop.keys | {"key_4": replace(shop.key("key_4"), scopes=[])}

    with pytest.raises(KeyIsTooNarrow):
        shop.revoke_key("key_3", NOW, by="key_1", descendants=True)

    assert revoked(shop) == []


def test_a_key_makes_none_that_may_do_more(family):
    for scopes in ([], ["customers:read"], ["customers:read", "payments:read"]):
        with pytest.raises(KeyIsTooNarrow, match="hand out"):
            issue(family, 9, scopes, made_by="key_2")


def test_a_key_that_is_revoked_meanwhile_makes_and_revokes_nothing(family):
    family.revoke_key("key_2", NOW)

    with pytest.raises(ApiKeyRevoked):
        issue(family, 9, ["payments:read"], made_by="key_2")
    with pytest.raises(ApiKeyRevoked):
        family.revoke_key("key_3", NOW, by="key_2")


def test_a_hundred_keys_are_in_use_at_most(shop):
    for number in range(2, MOST_KEYS_IN_USE + 1):
        issue(shop, number)

    with pytest.raises(TooManyKeys, match="100 API keys"):
        issue(shop, 101)

    shop.revoke_key("key_7", NOW)
    issue(shop, 101)
    with pytest.raises(TooManyKeys):
        issue(shop, 102)


def test_a_key_that_was_never_issued_cannot_be_revoked(shop):
    with pytest.raises(KeyNotFound):
        shop.revoke_key("key_2", NOW)


def test_what_happens_to_a_copy_does_not_happen_to_the_original(shop):
    before = deepcopy(vars(shop))

    twin = shop.copy()
    twin.note_key_use("key_1", NOW)
    twin.revoke_key("key_1", NOW)

    assert vars(shop) == before


def test_settings_that_are_not_named_stay_as_they_are(shop):
    shop.change_settings({"country": "GH", "color": "#0b6b63"}, NOW)
    shop.change_settings({"time_zone": "Africa/Accra", "color": None}, NOW)

    assert shop.settings == {
        "name": "Kente Shop",
        "country": "GH",
        "time_zone": "Africa/Accra",
        "color": None,
    }


def test_settings_that_stay_as_they_are_record_nothing(shop):
    shop.change_settings({"country": "GH"}, NOW)
    before = len(shop.pending_events)

    shop.change_settings({"country": "GH", "name": "Kente Shop"}, NOW)

    assert len(shop.pending_events) == before
