"""Laws of the views: reading along = rebuilt = the oracle, however the facts are cut."""

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pytest
from changes_apart import Apart, Asked
from comparison import (
    assert_every_figure_agrees,
    assert_every_figure_is_explained,
    assert_these_agree,
)
from forked import ensure_prepared
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from oracle import Oracle
from oracle_as_of import as_of, moments_of
from simulated_shop import ManualClock, SimulatedShop, Step, steps
from sqlalchemy import Connection, select
from tables import make_tables
from told_events import (
    assert_each_names_the_one_before,
    assert_the_last_word_is_how_it_stands,
    customer_of,
    expected_events,
    told_events,
)
from told_of_a_book import ASKED, told_of_a_book
from told_of_one import told_of_some

from api.resources.event_data import data_of
from commands.handling.handler import CommandHandler
from commands.handling.ids import Ids
from delivery.feed import EventFilter, Feed
from domain.event_types import TYPES, topics_of, types_wanted
from ledger.chain import BrokenChain
from ledger.database import open_engine
from ledger.facts import FactMapper, StoredFact
from ledger.ledger import Ledger
from projections.change_explanations import Seen
from projections.engine.folding.derivation import derive_book
from projections.engine.folding.fold import Folding
from projections.engine.generations.fold_and_write import fold_and_write
from projections.engine.generations.generation import Generation
from projections.engine.generations.generations import Generations
from projections.engine.live.reader import QueryResult, Views
from projections.engine.rebuilding.parallel_load import load_in_parallel
from projections.engine.rebuilding.rebuild import ensure_views, rebuild
from projections.engine.time_travel.reader import Moment, PastReader
from projections.engine.time_travel.table_reader import TableReader
from projections.facts_about import of_names
from projections.figures_as_of import PAST
from projections.read_models import DEFINITIONS, FOLDS

pytestmark = pytest.mark.takes_long

# How many times as many examples: in the soak more than while somebody waits.
LIVES = int(os.environ.get("WHENCE_TEST_LIVES", "1"))
# At how many pairs of moments the past of each of them is asked for.
MOMENTS = int(os.environ.get("WHENCE_TEST_MOMENTS", "1"))

EVENT_NAMES = ("payment.*", "customer.*", "refund.succeeded", *TYPES)


@dataclass
class Store:
    """A ledger and its views, on a real database; every example opens books of its own."""

    ledger: Ledger
    generations: Generations
    clock: ManualClock
    handler: CommandHandler
    numbers: Iterator[int]

    def open_shop(self) -> SimulatedShop:
        return SimulatedShop(
            self.handler, self.ledger, f"org_{next(self.numbers):026}/live", self.clock
        )

    def past(self) -> PastReader:
        return PastReader(self.ledger, DEFINITIONS, most_facts=10_000, most_bytes=2**28)

    @property
    def serving(self) -> Generation:
        return self.generations.serving(DEFINITIONS)

    def fold(
        self,
        book: str,
        generation: Generation,
        *,
        at_most: int,
        upto: int | None = None,
    ) -> int:
        """Folds what the views do not have yet, so many facts at a time; where it came to."""
        folding = Folding(FactMapper(), FOLDS)

        def read(after: Mapping[str, int], each: int, _: object) -> list[StoredFact]:
            return self.ledger.read(book, after=after[book], upto=upto, limit=each)

        while True:
            step = fold_and_write(generation, DEFINITIONS, folding, read, [book], limit=at_most)
            assert step.checkpoints[book].parked_error is None
            if not step.unfinished:
                return step.checkpoints[book].position

    def told(self, book: str, wanted: EventFilter, *, limit: int) -> list[dict[str, Any]]:
        """Everything that is in the feed of a book, read in pages of so many."""
        feed, found, after = Feed(self.ledger, data_of), list[dict[str, Any]](), 0
        with self.serving.reading() as views:
            while True:
                page = feed.page(views, book, wanted, after=after, limit=limit)
                found, after = found + page.events, page.position
                if not page.has_more:
                    return found

    def rows(self, generation: Generation, book: str) -> dict[str, list[tuple[Any, ...]]]:
        """All rows of a book, table by table, sorted."""
        with generation.reading() as views:
            return rows_of(views, book)

    def empty_views(self) -> Generation:
        generation = self.generations.begin(DEFINITIONS)
        generation.create_keys(DEFINITIONS)
        generation.create_indexes(DEFINITIONS)
        return generation


def rows_of(views: Connection, book: str) -> dict[str, list[tuple[Any, ...]]]:
    return {
        table.name: sorted(
            (tuple(row) for row in views.execute(select(table).where(table.c.book == book))),
            key=repr,
        )
        for table in DEFINITIONS.tables
    }


@pytest.fixture
def store(database_url: str, views_wanted: None, tmp_path: Path) -> Iterator[Store]:  # noqa: ARG001 (told)
    clock = ManualClock()
    with ExitStack() as parts:
        engine = open_engine(database_url)
        parts.callback(engine.dispose)
        make_tables(engine)
        ledger = parts.enter_context(Ledger(engine, clock=clock))
        generations = parts.enter_context(Generations(engine, tmp_path, clock=clock))
        handler = CommandHandler(ledger, clock=clock, ids=Ids(clock))
        parts.callback(handler.close)
        ensure_views(ledger, generations, FactMapper(), DEFINITIONS)
        yield Store(ledger, generations, clock, handler, count(1))


def examples(number: int) -> settings:
    """The house stays; every example has books of its own in it."""
    return settings(
        max_examples=number * LIVES,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


@examples(6)
@given(days=steps, batch=st.integers(1, 50))
def test_reading_along_says_what_the_oracle_says(store, days, batch):
    shop = store.open_shop()

    asyncio.run(shop.live_through(days))
    store.fold(shop.book, store.serving, at_most=batch)

    assert_every_figure_agrees(store.serving, shop)


@examples(2)
@given(days=steps)
def test_every_figure_is_what_its_facts_add_up_to(store, days):
    shop = store.open_shop()

    asyncio.run(shop.live_through(days))
    store.fold(shop.book, store.serving, at_most=20)

    with store.serving.reading() as views:
        assert_every_figure_is_explained(views, store.ledger, shop.book, shop.oracle)


@examples(3)
@given(days=steps, first=st.integers(1, 9), second=st.integers(10, 90))
def test_any_cut_into_batches_gives_the_same_rows(store, days, first, second):
    shop = store.open_shop()
    asyncio.run(shop.live_through(days))
    store.fold(shop.book, store.serving, at_most=first)
    other = store.empty_views()

    store.fold(shop.book, other, at_most=second)

    assert store.rows(other, shop.book) == store.rows(store.serving, shop.book)
    store.generations.drop(other.number)


@examples(2)
@given(days=steps, late=steps)
def test_a_rebuild_gives_the_rows_that_reading_along_gave(store, days, late):
    shop = store.open_shop()
    asyncio.run(shop.live_through(days))
    store.fold(shop.book, store.serving, at_most=20)
    asyncio.run(shop.live_through(late))
    store.fold(shop.book, store.serving, at_most=3)
    before, along = store.serving.number, store.rows(store.serving, shop.book)

    number = rebuild(store.ledger, store.generations, FactMapper(), DEFINITIONS).number
    store.generations.close()

    assert store.serving.number == number != before
    assert store.rows(store.serving, shop.book) == along
    assert_every_figure_agrees(store.serving, shop)
    store.generations.drop(before)


@examples(2)
@given(days=steps, others=steps, processes=st.integers(2, 3))
def test_any_number_of_processes_gives_the_rows_that_reading_along_gave(
    store, days, others, processes
):
    shops = [store.open_shop(), store.open_shop()]
    asyncio.run(shops[0].live_through(days))
    asyncio.run(shops[1].live_through(others))
    books = {shop.book: store.fold(shop.book, store.serving, at_most=9) for shop in shops}
    other = store.generations.begin(DEFINITIONS)
    ensure_prepared()  # who loads is forked from what has imported all

    load_in_parallel(
        store.ledger,
        other,
        DEFINITIONS,
        FactMapper(),
        sorted(books.items()),
        lambda _: None,
        processes=processes,
        facts_per_process=1,
    )

    for book in books:
        with other.writing() as connection:
            derive_book(connection, DEFINITIONS.derived, book)
        assert store.rows(other, book) == store.rows(store.serving, book)
    store.generations.drop(other.number)


@examples(3)
@given(days=st.lists(st.tuples(st.booleans(), steps), max_size=4))
def test_two_books_never_mix(store, days):
    ours, theirs = store.open_shop(), store.open_shop()

    positions = {ours.book: 0, theirs.book: 0}
    for is_ours, some in days:
        shop = ours if is_ours else theirs
        asyncio.run(shop.live_through(some))
        positions[shop.book] = store.fold(shop.book, store.serving, at_most=7)

    assert_every_figure_agrees(store.serving, ours)
    assert_every_figure_agrees(store.serving, theirs)


@examples(2)
@given(days=steps)
def test_the_chain_of_a_book_holds_whatever_happens(store, days):
    shop = store.open_shop()

    asyncio.run(shop.live_through(days))

    verified = store.ledger.verify(shop.book)
    assert not isinstance(verified, BrokenChain)
    assert verified.position == store.ledger.head(shop.book)


@examples(4)
@given(
    days=steps,
    limit=st.integers(1, 40),
    names=st.lists(st.sampled_from(EVENT_NAMES), max_size=3),
    which=st.none() | st.integers(0, 7),
)
def test_others_are_told_of_everything_once_and_of_nothing_else(store, days, limit, names, which):
    shop = store.open_shop()
    asyncio.run(shop.live_through(days))
    store.fold(shop.book, store.serving, at_most=20)
    person = None if which is None else shop.person(which)

    everything = store.told(shop.book, EventFilter(), limit=limit)
    wanted = EventFilter(topics_of(types_wanted(names)), person and person.id)
    filtered = store.told(shop.book, wanted, limit=limit)

    assert told_events(everything) == expected_events(shop.oracle)
    assert_the_last_word_is_how_it_stands(everything, shop.oracle)
    assert_each_names_the_one_before(everything)
    assert [told["id"] for told in filtered] == [
        told["id"]
        for told in everything
        if told["type"] in types_wanted(names)
        and (person is None or customer_of(told) == person.id)
    ]
    assert_each_names_the_one_before(filtered)


def agrees(store: Store, shop: SimulatedShop, moment: datetime) -> Callable[[Connection], None]:
    oracle = as_of(shop.oracle, moment)

    def compare(views: Connection) -> None:
        assert_these_agree(views, shop.book, oracle, moment)
        assert_every_figure_is_explained(views, store.ledger, shop.book, oracle, moment)

    return compare


@examples(3)
@given(
    days=steps,
    late=steps,
    which=st.integers(0, 999),
    off=st.sampled_from([timedelta(), timedelta(microseconds=-1), timedelta(minutes=50)]),
)
def test_the_past_is_what_the_oracle_says_had_happened_by_then(store, days, late, which, off):
    shop = store.open_shop()
    with store.past() as past:
        for lived in (days, late):
            asyncio.run(shop.live_through(lived))
            # Steps that find nothing to do leave a shop where nothing has happened yet.
            moments = moments_of(shop.oracle) or [shop.clock.now]
            moment = moments[which * len(moments) // 1000] + off

            told = asyncio.run(
                past.ask(shop.book, Moment(as_of=moment), agrees(store, shop, moment))
            )

            assert told.position == store.ledger.head(shop.book)


# Somebody always says who they are.
INTRODUCED = [
    Step("set_out", 1, 0, {"amount": 700, "currency": "GHS", "max_uses": None}),
    Step("pay_by_link", 1, 0, {"email": "ama@example.com"}),
]


@examples(2)
@given(days=steps, late=steps, which=st.integers(0, 999), knew=st.integers(0, 999))
def test_of_each_a_few_facts_say_what_all_of_them_do(store, days, late, which, knew):
    shop = store.open_shop()
    for lived in (INTRODUCED, days, late):
        asyncio.run(shop.live_through(lived))
    facts = store.ledger.read(shop.book, limit=10_000)
    assume(facts and shop.oracle.people)
    store.fold(shop.book, store.serving, at_most=20)
    moments = moments_of(shop.oracle) or [shop.clock.now]
    at = moments[which * len(moments) // 1000]
    known_at = datetime.fromisoformat(facts[knew * len(facts) // 1000].recorded_at)
    told_of = list(told_of_some(shop.oracle, shop.book, which, moments[0]))
    with store.serving.reading() as views:
        known = [QueryResult(about(views, shop.book), len(facts), 0) for about, _ in told_of]

    async def hold_against_each_other(past: PastReader) -> None:
        for moment in (Moment(as_of=at), Moment(known_at=known_at), Moment(at, known_at)):
            for about, (_, told) in zip(known, told_of, strict=True):
                of_a_few = await past.ask_about(shop.book, moment, about, told)
                assert of_a_few == await past.ask(shop.book, moment, told)

    with store.past() as past:
        asyncio.run(hold_against_each_other(past))


@examples(1)
@given(days=steps, late=steps, seed=st.integers(0, 999_999))
def test_the_tables_tell_of_a_moment_what_all_facts_do(store, days, late, seed):
    shop = store.open_shop()
    for lived in (days, late):
        asyncio.run(shop.live_through(lived))
    facts = store.ledger.read(shop.book, limit=10_000)
    assume(facts)
    store.fold(shop.book, store.serving, at_most=20)
    happened, chance = moments_of(shop.oracle) or [shop.clock.now], Random(seed)
    around = happened[len(happened) // 2]

    async def hold_against_each_other(read: PastReader, folded: PastReader) -> None:
        for _ in range(MOMENTS):
            at = chance.choice(happened)
            known_at = datetime.fromisoformat(chance.choice(facts).recorded_at)
            for moment in (Moment(as_of=at), Moment(known_at=known_at), Moment(at, known_at)):
                for asked in ASKED:
                    told = partial(told_of_a_book, book=shop.book, asked=asked, around=around)
                    off_the_tables = await read.ask(shop.book, moment, told)
                    assert off_the_tables == await folded.ask(shop.book, moment, told)
        assert read.bytes_kept == 0

    with (
        Views(store.ledger, lambda: store.serving) as views,
        store.past() as folded,
        PastReader(
            store.ledger,
            DEFINITIONS,
            most_facts=10_000,
            most_bytes=2**28,
            tables=TableReader(PAST, views, of_names),
            folded_at_once=0,
        ) as read,
    ):
        asyncio.run(hold_against_each_other(read, folded))


@examples(2)
@given(
    days=steps,
    late=steps,
    which=st.integers(0, 999),
    how=st.sampled_from(["recorded", "happened", "reported"]),
)
def test_what_two_moments_say_apart_is_what_the_facts_between_them_add_up_to(
    store, days, late, which, how
):
    shop = store.open_shop()
    asyncio.run(shop.live_through(days))
    known, known_at, reported = deepcopy(shop.oracle), shop.clock.now, store.ledger.head(shop.book)
    asyncio.run(shop.live_through(late))
    store.fold(shop.book, store.serving, at_most=20)
    moments = moments_of(shop.oracle) or [known_at]
    moment = moments[which * len(moments) // 1000]
    since = moment if how == "happened" else known_at

    with store.past() as past, store.serving.reading() as views:

        def asked(upto: int, oracle: Oracle, named: Moment) -> Asked:
            if named.as_of is not None:
                oracle = as_of(oracle, named.as_of)
            if named == Moment():
                return Asked(lambda query: query(views), Seen(upto, None), oracle)

            def ask(query: Callable[[Connection], Any]) -> Any:
                return asyncio.run(past.ask(shop.book, named, query)).result

            return Asked(ask, Seen(upto, named.as_of), oracle)

        head = store.ledger.head(shop.book)
        before, after = {
            "recorded": (asked(reported, known, Moment(known_at=since)), Moment()),
            "happened": (asked(head, shop.oracle, Moment(as_of=since)), Moment()),
            "reported": (asked(reported, known, Moment(moment, since)), Moment(as_of=moment)),
        }[how]
        Apart(
            store.ledger,
            shop.book,
            store.ledger.position_at(shop.book, since),
            before,
            asked(head, shop.oracle, after),
        ).assert_explained()


@examples(3)
@given(days=steps, part=st.integers(0, 100))
def test_what_was_known_is_what_a_rebuild_would_have_said_then(store, days, part):
    shop = store.open_shop()
    asyncio.run(shop.live_through(days))
    facts = store.ledger.read(shop.book, limit=10_000)
    assume(facts)
    known_at = datetime.fromisoformat(facts[(len(facts) - 1) * part // 100].recorded_at)
    upto = store.ledger.position_at(shop.book, known_at)
    then = store.empty_views()
    store.fold(shop.book, then, at_most=20, upto=upto)

    with store.past() as past:
        told = asyncio.run(
            past.ask(shop.book, Moment(known_at=known_at), lambda views: rows_of(views, shop.book))
        )

    assert told.position == upto
    assert told.result == store.rows(then, shop.book)
    store.generations.drop(then.number)
