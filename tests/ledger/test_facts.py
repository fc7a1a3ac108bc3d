"""Fact serialization: plain JSON that a stranger can read, and the facts as they were."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import orjson
import pytest
from eventsourcing.persistence import MapperDeserialisationError, StoredEvent
from eventsourcing.utils import TopicError
from hypothesis import given
from hypothesis import strategies as st

from domain.fact import Entity, Fact, FirstFact
from ledger.append import Append, StoredFact
from ledger.facts import FactMapper

BOOK = "org_x/test"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Parcel(Entity):
    TOPIC = "parcel"

    class Event(Fact):
        TOPIC = "parcel.event"

    class Sent(Event, FirstFact):
        TOPIC = "parcel.sent"
        amount: int
        note: str | None
        promised_at: datetime | None
        extras: dict[str, Any]

    class Weighed(Event):
        """Was recorded in pounds at first, without saying when."""

        TOPIC = "parcel.weighed"
        class_version = 3
        grams: int
        weighed_at: datetime | None

        @staticmethod
        def upcast_v1_v2(state):
            state["grams"] = state.pop("pounds") * 454

        @staticmethod
        def upcast_v2_v3(state):
            state["weighed_at"] = state["occurred_at"]


def stored(new, recorded_at="2026-11-23T12:00:00.000000Z"):
    return StoredFact(BOOK, 1, new.stream, new.version, new.topic, new.data, "{}", recorded_at, b"")


MOMENTS = st.datetimes(
    min_value=NOON.replace(year=1000, tzinfo=None),
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=5))]),
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(
    sent=st.builds(
        Parcel.Sent,
        originator_topic=st.just("parcel"),
        originator_id=st.text(),
        originator_version=st.integers(1, 2**31 - 1),
        timestamp=MOMENTS,
        occurred_at=MOMENTS,
        amount=st.integers(-(2**63), 2**63 - 1),
        note=st.none() | st.text(),
        promised_at=st.none() | MOMENTS,
        extras=st.dictionaries(st.text(), JSON, max_size=3),
    )
)
def test_a_fact_comes_back_as_it_was(sent):
    mapper = FactMapper()

    new = mapper.encode(sent)
    back = mapper.decode(stored(new, "2026-11-23T13:00:00.000000Z"))

    assert vars(back) == vars(sent) | {"timestamp": datetime(2026, 11, 23, 13, tzinfo=UTC)}
    assert type(back) is Parcel.Sent


def test_stored_data_is_plain_json_without_what_the_ledger_has_columns_for():
    sent = Parcel.Sent(
        originator_topic="parcel",
        originator_id="par_1",
        originator_version=1,
        timestamp=NOON,
        occurred_at=NOON,
        amount=5,
        note=None,
        promised_at=NOON.astimezone(timezone(timedelta(hours=1))),
        extras={},
    )

    new = FactMapper().encode(sent)

    assert (new.stream, new.version, new.topic) == ("par_1", 1, "parcel.sent")
    assert orjson.loads(new.data) == {
        "originator_topic": "parcel",
        "occurred_at": "2026-11-23T12:00:00.000000Z",
        "amount": 5,
        "note": None,
        "promised_at": "2026-11-23T12:00:00.000000Z",
        "extras": {},
    }


@pytest.mark.parametrize("value", [{1, 2}, b"bytes", object(), NOON.replace(tzinfo=None)])
def test_what_is_not_plain_json_is_refused(value):
    sent = Parcel.Weighed(
        originator_id="par_1",
        originator_version=1,
        timestamp=NOON,
        occurred_at=NOON,
        grams=value,
        weighed_at=None,
    )

    with pytest.raises(TypeError):
        FactMapper().encode(sent)


@pytest.mark.parametrize(
    "data",
    [
        '{"occurred_at":"2026-11-23T12:00:00.000000Z","pounds":2}',
        '{"occurred_at":"2026-11-23T12:00:00.000000Z","grams":908,"class_version":2}',
    ],
)
def test_facts_of_earlier_versions_are_read_as_today(data):
    old = StoredFact(
        BOOK, 1, "par_1", 2, "parcel.weighed", data, "{}", "2026-11-23T12:00:00.000000Z", b""
    )

    fact = FactMapper().decode(old)

    assert (fact.grams, fact.weighed_at, fact.timestamp) == (908, NOON, NOON)
    assert orjson.loads(FactMapper().encode(fact).data)["class_version"] == 3


def test_a_topic_nobody_knows_and_broken_data_are_named():
    unknown = StoredFact(BOOK, 1, "x", 1, "no.such", "{}", "{}", "2026-11-23T12:00:00.000000Z", b"")
    broken = StoredFact(BOOK, 1, "x", 1, "parcel.sent", "{", "{}", unknown.recorded_at, b"")

    with pytest.raises(TopicError):
        FactMapper().decode(unknown)
    with pytest.raises(MapperDeserialisationError, match=r"parcel\.sent x 1"):
        FactMapper().decode(broken)
    with pytest.raises(MapperDeserialisationError):
        FactMapper().to_domain_event(StoredEvent("x", 1, "parcel.sent", b"{}"))


@pytest.mark.parametrize("awkward", ['\\"', "\x00", "𝄞 ₵", "%s :x ? {}", "a\nb", "'; --"])
def test_awkward_text_is_stored_as_it_is(ledger, facts, awkward):
    data = orjson.dumps({"note": awkward}).decode()

    ledger.append(Append(BOOK, facts("pay_1", 1, data=data), {"pay_1": 0}, context=data))

    (fact,) = ledger.read(BOOK, limit=1)
    assert (fact.data, fact.context) == (data, data)
    assert ledger.verify(BOOK).position == 1
