"""Ids: how things are named."""

from datetime import UTC, datetime, timedelta

from commands.handling.ids import Ids, looks_like_an_id

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def test_an_id_is_a_prefix_and_a_lower_case_ulid():
    made = Ids(lambda: NOW).new("pay")

    assert looks_like_an_id(made)
    assert made.startswith("pay_")
    assert made == made.lower()


def test_ids_sort_in_the_order_they_were_made_even_when_the_clock_is_set_back():
    moments = [NOW + timedelta(milliseconds=step) for step in (0, 0, 0, 5, -10_000, 6)]
    ids = Ids(iter(moments).__next__)

    made = [ids.new("pay") for _ in moments]

    assert made == sorted(made)
    assert len(set(made)) == len(made)


def test_seeded_ids_are_the_same_every_time():
    def three():
        ids = Ids.seeded(lambda: NOW, 7)
        return ids.new("pay"), ids.new("cus"), ids.secret()

    assert three() == three()


def test_a_secret_is_safe_in_a_url_and_never_the_same():
    ids = Ids(lambda: NOW)

    secrets = {ids.secret() for _ in range(100)}

    assert len(secrets) == 100
    assert all(len(secret) == 43 for secret in secrets)
