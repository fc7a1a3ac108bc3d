"""Organizations and API keys: what may happen to them."""

from copy import deepcopy
from datetime import UTC, datetime, timedelta

import pytest

from domain.api_key import SCOPES, KeyNotFound
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
