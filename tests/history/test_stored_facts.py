"""Stored facts: every one that was ever written can still be read.

Each file holds the life of one aggregate as the ledger stored it, and what it became. They are
never written again: a new form of a fact gets a new file, and an old one must load for ever.
"""

import json
from dataclasses import fields
from pathlib import Path

import pytest

from domain.catalogue import AGGREGATES, facts_of
from ledger.append import StoredFact
from ledger.facts import FactMapper

LIVES = sorted(Path(__file__).parent.glob("*.json"))


def read(life):
    return json.loads(life.read_text(encoding="utf-8"))


def stored(fact, position):
    return StoredFact(
        book="org_01kar3v0x00000000000000001/test",
        position=position,
        context="{}",
        digest=b"",
        **fact,
    )


@pytest.mark.parametrize("life", LIVES, ids=lambda life: life.stem)
def test_a_stored_life_replays_to_what_it_became(life):
    written = read(life)

    aggregate = None
    for position, fact in enumerate(written["facts"], start=1):
        # What stands beside the stream of the aggregate is read, and changes nothing about it.
        told = FactMapper().decode(stored(fact, position))
        if fact["stream"] == written["facts"][0]["stream"]:
            aggregate = told.mutate(aggregate)

    assert {name: getattr(aggregate, name) for name in written["becomes"]} == written["becomes"]


@pytest.mark.parametrize("life", LIVES, ids=lambda life: life.stem)
def test_an_old_fact_has_every_field_its_class_has_today(life):
    for position, written in enumerate(read(life)["facts"], start=1):
        fact = FactMapper().decode(stored(written, position))

        assert set(vars(fact)) == {field.name for field in fields(fact)}


def test_there_is_a_stored_example_of_every_fact():
    known = {fact.TOPIC for aggregate in AGGREGATES for fact in facts_of(aggregate)}

    examples = {fact["topic"] for life in LIVES for fact in read(life)["facts"]}

    assert known - examples == set()
