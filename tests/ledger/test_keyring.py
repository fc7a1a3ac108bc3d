"""What is sealed opens for its purpose alone, with the key it names."""

from base64 import b64encode

import pytest

from ledger.keyring import KeyMissing, Keyring, NoKeys, SealBroken, new_key

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
HERE = "webhook secret org_1/live we_1"


@pytest.fixture
def keyring():
    return Keyring.parsed(new_key())


def test_what_is_sealed_is_opened_again(keyring):
    sealed = keyring.seal(SECRET, purpose=HERE)

    assert SECRET not in sealed
    assert keyring.open(sealed, purpose=HERE) == SECRET


def test_a_text_is_never_sealed_in_the_same_way_twice(keyring):
    assert keyring.seal(SECRET, purpose=HERE) != keyring.seal(SECRET, purpose=HERE)


def test_what_was_sealed_for_one_place_opens_in_no_other(keyring):
    sealed = keyring.seal(SECRET, purpose=HERE)

    with pytest.raises(SealBroken):
        keyring.open(sealed, purpose="webhook secret org_2/live we_1")


@pytest.mark.parametrize(
    "change",
    [lambda sealed: sealed[:-4], lambda sealed: f"{sealed[:-6]}AAAA=="],
    ids=["cut", "changed"],
)
def test_what_was_touched_does_not_open(keyring, change):
    sealed = keyring.seal(SECRET, purpose=HERE)

    with pytest.raises(SealBroken):
        keyring.open(change(sealed), purpose=HERE)


def test_a_new_key_in_front_seals_and_the_old_one_still_opens():
    old, new = new_key(), new_key()
    sealed = Keyring.parsed(old).seal(SECRET, purpose=HERE)

    both = Keyring.parsed(f"{new},{old}")

    assert both.open(sealed, purpose=HERE) == SECRET
    resealed = both.seal(SECRET, purpose=HERE)
    assert Keyring.parsed(new).open(resealed, purpose=HERE) == SECRET


def test_a_key_that_is_missing_is_named_and_nothing_secret_is(keyring):
    key = new_key()
    sealed = Keyring.parsed(key).seal(SECRET, purpose=HERE)
    key_id, _, encoded = key.partition(":")

    with pytest.raises(KeyMissing, match=f"with key {key_id}") as missing:
        keyring.open(sealed, purpose=HERE)

    assert encoded not in str(missing.value)
    assert sealed.partition(".")[2] not in str(missing.value)


def test_without_a_key_nothing_is_sealed_or_opened(keyring):
    with pytest.raises(NoKeys):
        Keyring().seal(SECRET, purpose=HERE)
    with pytest.raises(NoKeys):
        Keyring().open(keyring.seal(SECRET, purpose=HERE), purpose=HERE)


@pytest.mark.parametrize(
    "text",
    [
        "no key at all",
        f"k1:{b64encode(bytes(16)).decode()}",
        f"k.1:{b64encode(bytes(32)).decode()}",
        f":{b64encode(bytes(32)).decode()}",
        "k1:~~~",
        f"k1:{b64encode(bytes(32)).decode()},k1:{b64encode(bytes(32)).decode()}",
    ],
)
def test_keys_that_cannot_be_used_are_refused_and_not_repeated(text):
    with pytest.raises(ValueError, match="it must be like k1:") as refused:
        Keyring.parsed(text)

    assert text not in str(refused.value)
