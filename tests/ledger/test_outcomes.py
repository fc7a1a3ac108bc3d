"""Outcomes: each command gets one of its own, alone or together with others in a batch."""

import pytest
from sqlalchemy import select

from ledger.append import (
    Append,
    Claim,
    Done,
    KeyReused,
    LostRace,
    Replayed,
    ValueTaken,
)
from ledger.chain import Chain
from ledger.schema import replies

BOOK = "org_x/test"


def test_facts_get_the_next_positions_of_their_book(ledger, facts):
    first = ledger.append(Append(BOOK, facts("pay_1", 1, 2), {"pay_1": 0}))
    second = ledger.append(Append(BOOK, facts("pay_2", 1), {"pay_2": 0}))
    elsewhere = ledger.append(Append("org_y/test", facts("pay_1", 1), {"pay_1": 0}))

    assert (first, second, elsewhere) == (Done(2), Done(3), Done(1))
    assert [fact.position for fact in ledger.read(BOOK, limit=9)] == [1, 2, 3]
    assert ledger.heads() == {BOOK: 3, "org_y/test": 1}


@pytest.mark.parametrize("expected", [0, 2])
def test_a_version_behind_or_ahead_of_the_stream_is_refused(ledger, facts, created, expected):
    ledger.append(created("pay_1"))

    outcome = ledger.append(Append(BOOK, facts("pay_1", expected + 1), {"pay_1": expected}))

    assert outcome == LostRace("pay_1")
    assert ledger.head(BOOK) == 1


def test_a_version_may_be_expected_of_a_stream_that_gets_no_fact(ledger, facts, created):
    ledger.append(created("lnk_1"))

    outcomes = ledger.append_many(
        Append(BOOK, facts(stream, 1), {stream: 0, "lnk_1": version})
        for stream, version in [("pay_1", 0), ("pay_2", 1), ("pay_3", 2)]
    )

    assert outcomes == [LostRace("lnk_1"), Done(2), LostRace("lnk_1")]


def test_a_stream_may_be_expected_to_have_no_fact_and_get_none(ledger, facts, created):
    ledger.append(created("lnk_1"))

    outcomes = ledger.append_many(
        Append(BOOK, facts(stream, 1), {stream: 0, other: 0})
        for stream, other in [("pay_1", "lnk_1"), ("pay_2", "lnk_2")]
    )

    assert outcomes == [LostRace("lnk_1"), Done(2)]


def test_facts_without_expectation_get_their_versions_from_the_ledger(ledger, facts, together):
    ledger.append(Append(BOOK, facts("lnk_1", 1, 2), {"lnk_1": 0}))

    outcomes = together(*[Append(BOOK, facts("lnk_1", 0)) for _ in range(3)])

    assert outcomes == [Done(3), Done(4), Done(5)]
    assert [fact.version for fact in ledger.read_stream(BOOK, "lnk_1")] == [1, 2, 3, 4, 5]


def test_one_of_two_that_decided_on_the_same_version_loses(ledger, facts, created, together):
    ledger.append(created("pay_1"))

    outcomes = together(
        Append(BOOK, facts("pay_1", 2), {"pay_1": 1}),
        Append(BOOK, facts("pay_1", 2), {"pay_1": 1}),
        created("pay_2"),
        created("pay_2"),
    )

    assert outcomes == [Done(2), LostRace("pay_1"), Done(3), LostRace("pay_2")]


def test_an_append_may_build_upon_another_of_the_same_batch(facts, created, together):
    outcomes = together(created("pay_1"), Append(BOOK, facts("pay_1", 2), {"pay_1": 1}))

    assert outcomes == [Done(1), Done(2)]


def test_those_who_lose_take_nobody_with_them(ledger, created, external_id, together):
    ledger.append(created("cus_1", claims=(external_id("cus_1"),)))

    outcomes = together(
        created("cus_2", claims=(external_id("cus_2"),)),
        created("cus_1"),
        created("cus_3", book="org_y/test", claims=(external_id("cus_3"),)),
        created("cus_4", claims=(external_id("cus_4", "other"),)),
    )

    assert outcomes == [
        ValueTaken("external_id", "VIP", "cus_1"),
        LostRace("cus_1"),
        Done(1),
        Done(2),
    ]
    assert isinstance(ledger.verify(BOOK), Chain)


def test_an_append_that_cannot_be_stored_at_all_fails_alone(ledger, created):
    unstorable = created("pay_\ud800")
    appends = [created("pay_1"), unstorable, created("pay_2")]

    futures = [ledger.submit(append) for append in appends]

    assert futures[0].exception() is None
    assert isinstance(futures[1].exception(), UnicodeEncodeError)
    assert futures[2].exception() is None
    assert ledger.head(BOOK) == 2


def test_facts_that_do_not_follow_the_expected_version_are_a_mistake(ledger, facts):
    with pytest.raises(ValueError, match="pay_1"):
        ledger.append(Append(BOOK, facts("pay_1", 1, 3), {"pay_1": 0}))


def test_a_value_is_held_by_one_stream_at_a_time(ledger, created, external_id, together):
    outcomes = together(*[created(f"cus_{n}", claims=(external_id(f"cus_{n}"),)) for n in "123"])

    taken = ValueTaken("external_id", "VIP", "cus_1")
    assert outcomes == [Done(1), taken, taken]
    assert ledger.owner(BOOK, "external_id", "VIP") == "cus_1"


def test_a_value_may_be_claimed_again_by_whoever_holds_it(ledger, created, external_id):
    ledger.append(created("cus_1", claims=(external_id("cus_1"),)))

    assert ledger.append(Append(BOOK, claims=(external_id("cus_1"),))) == Done(1)


def test_a_released_value_is_free_in_the_same_batch_in_order(
    ledger, created, external_id, together
):
    ledger.append(created("cus_1", claims=(external_id("cus_1"),)))

    outcomes = together(
        created("cus_2", claims=(external_id("cus_2"),)),
        Append(BOOK, releases=(external_id("cus_1"),)),
        created("cus_3", claims=(external_id("cus_3"),)),
        created("cus_4", claims=(external_id("cus_4"),)),
    )

    assert outcomes == [
        ValueTaken("external_id", "VIP", "cus_1"),
        Done(1),
        Done(2),
        ValueTaken("external_id", "VIP", "cus_3"),
    ]
    assert ledger.owner(BOOK, "external_id", "VIP") == "cus_3"


def test_a_claim_that_is_given_up_at_once_still_has_to_be_allowed(
    ledger, created, external_id, together
):
    ledger.append(created("cus_1", claims=(external_id("cus_1"),)))

    outcomes = together(
        created("cus_2", claims=(external_id("cus_2"),)),
        Append(BOOK, releases=(external_id("cus_2"),)),
    )

    assert outcomes[0] == ValueTaken("external_id", "VIP", "cus_1")
    assert ledger.owner(BOOK, "external_id", "VIP") == "cus_1"


def test_only_the_holder_can_release(ledger, created, external_id):
    ledger.append(created("cus_1", claims=(external_id("cus_1"),)))

    ledger.append(Append(BOOK, releases=(external_id("cus_2"),)))

    assert ledger.owner(BOOK, "external_id", "VIP") == "cus_1"


def test_a_value_can_be_changed_and_changed_back(ledger, created, external_id):
    first, second = external_id("cus_1", "A"), external_id("cus_1", "B")
    ledger.append(created("cus_1", claims=(first,)))

    ledger.append(Append(BOOK, releases=(first,), claims=(second,)))
    ledger.append(Append(BOOK, releases=(second,), claims=(first,)))

    assert ledger.owners(BOOK, "external_id", "") == [("A", "cus_1")]


def test_owners_are_found_by_how_their_value_begins(ledger, external_id):
    values = ["a", "ab\ncus_1", "ab\ncus_2", "abc", "aB", "ab", "b", "ab\U0010ffff", "ab_", "ab%"]
    claims = tuple(external_id(f"cus_{n}", value) for n, value in enumerate(values))
    ledger.append(Append(BOOK, claims=claims))

    found = [value for value, _ in ledger.owners(BOOK, "external_id", "ab")]

    assert found == sorted(value for value in values if value.startswith("ab"))
    assert len(ledger.owners(BOOK, "external_id", "ab\n")) == 2


def test_the_same_key_has_one_effect_and_one_answer(ledger, created, reply, together):
    outcomes = together(
        created("pay_1", reply=reply()),
        created("pay_2", reply=reply(body="another")),
        created("pay_3", reply=reply(fingerprint="another body")),
    )
    later = ledger.append(created("pay_1", reply=reply()))

    assert outcomes == [Done(1), Replayed(201, '{"n": 1}', 1), KeyReused()]
    assert later == Replayed(201, '{"n": 1}', 1)
    assert ledger.head(BOOK) == 1


def test_the_same_key_in_another_book_is_another_key(together, created, reply):
    assert together(
        created("pay_1", reply=reply()), created("pay_1", book="org_y/test", reply=reply())
    ) == [Done(1), Done(1)]


def test_a_refused_command_keeps_no_reply(ledger, created, reply):
    ledger.append(created("pay_1"))

    ledger.append(created("pay_1", reply=reply()))

    assert ledger.reply(BOOK, "key") is None


def test_a_reply_may_come_without_facts(ledger, reply):
    assert ledger.append(Append(BOOK, reply=reply())) == Done(0)
    kept = ledger.reply(BOOK, "key")
    assert (kept.fingerprint, kept.status, kept.body, kept.position) == ("body", 201, '{"n": 1}', 0)


def test_an_expired_key_is_forgotten_and_may_be_used_again(ledger, clock, created, reply):
    ledger.append(created("pay_1", reply=reply(minutes=1)))
    clock.move(minutes=1)
    assert ledger.reply(BOOK, "key") is None

    outcome = ledger.append(created("pay_2", reply=reply(fingerprint="another", body="new")))

    assert outcome == Done(2)
    assert ledger.reply(BOOK, "key").body == "new"


def test_expired_replies_are_swept_page_by_page_and_others_stay(ledger, engine, clock, reply):
    for number in range(700):
        ledger.submit(Append(BOOK, reply=reply(f"{number:03}", minutes=1 + number % 2)))
    ledger.append(Append("org_y/test", reply=reply("short", minutes=1)))
    clock.move(minutes=1)

    looked_upto = ledger.forget_expired_replies(BOOK)
    assert ledger.forget_expired_replies(BOOK, after=looked_upto) is None

    assert looked_upto == "499"
    with engine.connect() as connection:
        left = connection.execute(select(replies.c.book, replies.c.key)).all()
    assert sorted(left) == [
        *((BOOK, f"{number:03}") for number in range(1, 700, 2)),
        ("org_y/test", "short"),
    ]


def test_what_lies_between_two_values_is_read_in_order_a_page_at_a_time(ledger):
    for value in ("2027-02", "2027-01", "2027-03", "2027-04"):
        ledger.append(Append(BOOK, claims=(Claim("due", value, f"sub_{value}"),)))
    ledger.append(Append(BOOK, claims=(Claim("other", "2027-01-15", "x"),)))
    ledger.append(Append("org_other/test", claims=(Claim("due", "2027-01-20", "x"),)))

    def between(after, before, limit=10):
        found = ledger.owners_between(BOOK, "due", after=after, before=before, limit=limit)
        return [value for value, stream in found if stream == f"sub_{value}"]

    assert between("", "2027-04") == ["2027-01", "2027-02", "2027-03"]
    assert between("2027-01", "2027-04", limit=1) == ["2027-02"]
    assert between("2027-03", "2027-04") == []


def test_the_books_in_which_somebody_holds_an_early_value_are_listed(ledger):
    ledger.append(Append("org_a/test", claims=(Claim("due", "2027-01", "sub_1"),)))
    ledger.append(Append("org_b/test", claims=(Claim("due", "2027-02", "sub_2"),)))
    ledger.append(Append("org_c/test", claims=(Claim("other", "2026", "sub_3"),)))
    ledger.append(Append("org_d/test", claims=(Claim("due", "2026", "sub_4"),)))
    ledger.append(Append("org_d/test", releases=(Claim("due", "2026", "sub_4"),)))

    assert ledger.books_holding("due", before="2027-01") == []
    assert ledger.books_holding("due", before="2027-02") == ["org_a/test"]
    assert ledger.books_holding("due", before="2028") == ["org_a/test", "org_b/test"]
    assert ledger.books_holding("due") == ["org_a/test", "org_b/test"]
