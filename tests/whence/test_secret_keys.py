"""Where the keys come from: a setting, or a file beside a SQLite ledger that is made once."""

import stat

import pytest

from ledger.keyring import new_key
from whence.errors import Unsuccessful, WrongSetting
from whence.secret_keys import keyring_file, keyring_of
from whence.settings import Settings


@pytest.fixture
def settings(tmp_path):
    return Settings(database_url=f"sqlite:///{tmp_path / 'srv' / 'ledger.db'}")


def test_on_sqlite_a_key_is_made_once_for_its_owner_alone(settings):
    sealed = keyring_of(settings).seal("a secret", purpose="here")

    assert keyring_of(settings).open(sealed, purpose="here") == "a secret"
    file = keyring_file(settings)
    assert file.name == "ledger.keyring"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [each.name for each in file.parent.iterdir()] == ["ledger.keyring"]


def test_what_is_in_the_file_may_be_put_into_the_setting(settings):
    sealed = keyring_of(settings).seal("a secret", purpose="here")
    moved = Settings(
        database_url="postgresql://host/database", secret_keys=keyring_file(settings).read_text()
    )

    assert keyring_of(moved).open(sealed, purpose="here") == "a secret"


def test_a_file_that_holds_no_keys_is_named_and_left_alone(settings):
    file = keyring_file(settings)
    file.parent.mkdir()
    file.write_text("lost")

    with pytest.raises(Unsuccessful, match=str(file)):
        keyring_of(settings)

    assert file.read_text() == "lost"


def test_on_postgresql_the_setting_is_needed_and_said_how_to_make(
    start, environment, postgresql_url
):
    environment |= {"WHENCE_DATABASE_URL": postgresql_url, "WHENCE_SECRET_KEYS": ""}

    refused = start("serve")

    assert refused.ended() == 2
    assert 'echo "k1:$(head -c 32 /dev/urandom | base64)"' in refused.output


def test_keys_are_not_shown_with_the_settings():
    key = new_key()

    assert key not in repr(Settings(secret_keys=key))


def test_without_a_setting_postgresql_has_no_keys():
    with pytest.raises(WrongSetting, match="WHENCE_SECRET_KEYS is needed"):
        keyring_of(Settings(database_url="postgresql://host/database"))
