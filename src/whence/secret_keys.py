"""Secret keys: where those come from with which secrets are sealed in the ledger."""

from pathlib import Path

from ledger.address import database_address
from ledger.keyring import FORM, Keyring, new_key
from ledger.private_files import write_private_file
from whence.errors import Unsuccessful, WrongSetting
from whence.settings import Settings, variable

_SETTING = variable("secret_keys")


def keyring_of(settings: Settings) -> Keyring:
    """The keys of the setting, else those of the file beside a SQLite ledger, made when missing.

    Raises WrongSetting on PostgreSQL without the setting: several machines share its ledger.
    """
    if settings.secret_keys:
        return Keyring.parsed(settings.secret_keys)
    if settings.on_postgresql:
        raise WrongSetting(
            f"{_SETTING} is needed: with it the secrets of webhooks are sealed. "
            f'One is made by: echo "k1:$(head -c 32 /dev/urandom | base64)"'
        )
    return _of_file(keyring_file(settings))


def keyring_file(settings: Settings) -> Path:
    return Path(database_address(settings.database_url).database or "").with_suffix(".keyring")


def _of_file(file: Path) -> Keyring:
    try:
        write_private_file(file, f"{new_key()}\n")
        text = file.read_text()
    except OSError as error:
        raise Unsuccessful(
            f"the keys in {file.absolute()} cannot be made or read: {error.strerror}"
        ) from None
    try:
        return Keyring.parsed(text)
    except ValueError:
        raise Unsuccessful(f"the keys in {file.absolute()} cannot be used: {FORM}") from None
