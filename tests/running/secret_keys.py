"""Secret keys for tests: the same everywhere, so that one process opens what another sealed."""

from base64 import b64encode

from ledger.keyring import Keyring

SECRET_KEYS = f"k1:{b64encode(bytes(range(32))).decode()}"
KEYRING = Keyring.parsed(SECRET_KEYS)
