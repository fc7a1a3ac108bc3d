"""What people with an account may, and when they are shut out."""

from datetime import UTC, datetime

import pytest

from domain.api_key import SCOPES
from domain.user import RIGHTS, ROLES, USER, User

NOW = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)


@pytest.fixture
def efua():
    efua = User.add("usr_1", email="Efua@shop.example", name=None, role="support", now=NOW)
    efua.collect_events()
    return efua


def test_an_owner_may_everything_and_finance_all_but_keys_people_and_work_on_the_store():
    handed_out = {"api_keys:read", "api_keys:write", "users:read", "users:write"}

    assert RIGHTS["owner"].scopes == SCOPES
    assert RIGHTS["finance"].scopes == SCOPES - handed_out - {"system:operate"}


def test_support_reads_and_changes_customers_and_nothing_else():
    rights = RIGHTS["support"]

    assert {each for each in rights.scopes if each.endswith(":write")} == {"customers:write"}
    assert not {"api_keys:read", "users:read", "system:read"} & rights.scopes
    assert not rights.exports
    assert not rights.deletes
    assert not rights.sees_personal


def test_every_role_has_rights_of_scopes_that_there_are():
    assert set(RIGHTS) == set(ROLES)
    assert all(rights.scopes <= SCOPES for rights in RIGHTS.values())


def test_another_password_another_role_and_the_end_shut_out_whoever_is_signed_in(efua):
    versions = [efua.access_version]

    efua.set_password("sealed", NOW)
    versions.append(efua.access_version)
    efua.set_role("finance", NOW)
    versions.append(efua.access_version)
    efua.remove(NOW)
    versions.append(efua.access_version)

    assert versions == [1, 2, 3, 4]


def test_the_same_role_shuts_nobody_out(efua):
    efua.set_role("support", NOW)

    assert efua.access_version == 1
    assert efua.collect_events() == []


def test_an_account_is_found_by_its_address_however_it_is_written_until_it_is_removed(efua):
    assert efua.found_by == {(USER, "efua@shop.example")}

    efua.remove(NOW)

    assert efua.found_by == frozenset()


def test_who_said_no_name_is_called_by_their_address(efua):
    assert efua.name == "Efua@shop.example"
