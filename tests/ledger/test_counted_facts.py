"""Counted facts: the ledger gives them numbers without gaps, however many ask at once."""

import json
import threading

from ledger.append import NUMBER, Append, Done, LostRace, NewFact
from ledger.chain import Chain

BOOK = "org_a/test"


def counted(stream, *, expects=0):
    """An append of something that takes a number."""
    return Append(
        BOOK,
        facts=(
            NewFact("numbers", 1, "number.taken", json.dumps({"by": stream})),
            NewFact(stream, expects + 1, "thing.made", f'{{"number":{NUMBER}}}', "numbers"),
        ),
        expected={stream: expects},
    )


def numbers(ledger):
    facts = ledger.read(BOOK, limit=10_000)
    return [json.loads(fact.data)["number"] for fact in facts if fact.topic == "thing.made"]


def test_numbers_have_no_gaps_however_many_ask_at_once(ledger):
    def take(who):
        for number in range(25):
            ledger.append(counted(f"thing_{who}_{number}"))

    threads = [threading.Thread(target=take, args=(who,)) for who in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert numbers(ledger) == list(range(1, 201))
    assert isinstance(ledger.verify(BOOK), Chain)


def test_who_loses_a_race_takes_no_number(ledger):
    assert isinstance(ledger.append(counted("thing")), Done)
    assert ledger.append(counted("thing")) == LostRace("thing")
    assert isinstance(ledger.append(counted("other")), Done)

    assert numbers(ledger) == [1, 2]


def test_each_of_several_in_one_append_has_its_own(ledger):
    facts = [fact for each in ("a", "b", "c") for fact in counted(each).facts]

    ledger.append(Append(BOOK, facts=tuple(facts), expected={"a": 0, "b": 0, "c": 0}))

    assert numbers(ledger) == [1, 2, 3]
