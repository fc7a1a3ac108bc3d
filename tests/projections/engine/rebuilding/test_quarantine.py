"""A row that the database refuses parks its book, at the fact at fault, and no other book."""

import random
import string

import psycopg
import pytest
from sqlalchemy import BigInteger, MetaData, func, select
from sqlalchemy.exc import DataError, DBAPIError

from projections.engine.folding.changes import Changes, Recorded
from projections.engine.folding.checkpoints import read_checkpoints
from projections.engine.folding.definitions import Definitions
from projections.engine.folding.derived_tables import derived
from projections.engine.folding.fold import Folding
from projections.engine.folding.row_writer import insert_into
from projections.engine.folding.tables import computed, key, last, total, view
from projections.engine.generations.same_history import is_folded_from
from projections.engine.rebuilding.bulk_load import BulkLoader
from projections.engine.rebuilding.rebuild import rebuild
from projections.engine.rebuilding.verify import verify

ON_POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
# More than a page of an index, and nothing in it that repeats.
LONG = "".join(random.Random(7).choices(string.ascii_letters, k=9_000))

FIGURES = MetaData(schema="views")
figures = view(
    "figures",
    key("buyer"),
    total("spent"),
    last("till"),
    indexes=[("till",)],
    metadata=FIGURES,
)


def _fourfold(touched):
    return select(figures.c.book, figures.c.buyer, (figures.c.spent * 4).label("spent")).join(
        touched, (figures.c.book == touched.c.book) & (figures.c.buyer == touched.c.buyer)
    )


fourfold = derived(
    "fourfold",
    key("buyer"),
    computed("spent", BigInteger),
    sources=[figures],
    compute=_fourfold,
    metadata=FIGURES,
)


def fold_figures(recorded: Recorded, changes: Changes) -> None:
    fact = recorded.fact
    changes.merge(figures, (fact.buyer,), spent=fact.amount, till=fact.till)


FIGURE_DEFINITIONS = Definitions(metadata=FIGURES, folds=(fold_figures,), derived=(fourfold,))


def too_large(toys):
    return toys.paid("ama", 2**63 - 1)


def no_text(toys):
    return toys.paid("a\0ma", 5)


def too_long_for_a_key(toys):
    return toys.paid(LONG, 5)


def too_long_for_an_index(toys):
    return toys.paid("ama", 5, till=LONG)


def too_large_when_derived(toys):
    return toys.paid("ama", 2**62)


ANYWHERE = [(FIGURE_DEFINITIONS, too_large_when_derived), (None, too_large)]
ON_SQLITE = [("sqlite", *fault) for fault in ANYWHERE]
ON_POSTGRESQL_TOO = [("postgresql", *fault) for fault in [*ANYWHERE, (None, no_text)]]
# No command takes a text so long (see test_index_entries): nothing but a forged fact has one.
FORGED = [
    ("postgresql", None, too_long_for_a_key),
    ("postgresql", FIGURE_DEFINITIONS, too_long_for_an_index),
]


def each_of(*faults):
    return pytest.mark.parametrize(
        ("database_url", "definitions", "fault"),
        [pytest.param(*each, id=f"{each[2].__name__} on {each[0]}") for each in faults],
        indirect=["database_url"],
    )


each_fault = each_of(*ON_SQLITE, *ON_POSTGRESQL_TOO)


@pytest.fixture
def troubled(shop, toys, definitions, fault):
    """Two books, one with a fact at position 3 whose row no database of the kind can hold."""
    shop.definitions = definitions or toys.definitions
    shop.record(toys.paid("ama", 1), toys.paid("esi", 2), fault(toys), toys.paid("esi", 4))
    shop.record(toys.paid("kofi", 5), toys.paid("kofi", 6), book=toys.OTHER_BOOK)
    return shop


def rebuilt(shop, **options):
    return rebuild(shop.ledger, shop.generations, shop.mapper, shop.definitions, **options)


def parked_at(shop, generation=None):
    with (generation or shop.serving()).reading() as connection:
        return {
            book: (found.position, found.parked_position, found.parked_error)
            for book, found in read_checkpoints(connection).items()
        }


@each_of(*ON_SQLITE, *ON_POSTGRESQL_TOO, *FORGED)
def test_a_running_projector_parks_the_book_and_goes_on(troubled, toys):
    troubled.begin()

    projector = troubled.project()

    found = parked_at(troubled)
    assert found[toys.OTHER_BOOK] == (2, None, None)
    position, parked, error = found[toys.BOOK]
    assert (position, parked) == (2, 3)
    assert f"refused a row of {toys.BOOK} at position 3: " in error
    assert list(projector.progress.parked) == [toys.BOOK]


@each_fault
def test_a_rebuild_parks_the_book_where_it_would_have_been_parked_live(troubled, toys):
    live = troubled.begin()
    troubled.project()

    rebuilt(troubled)

    assert troubled.serving().number != live.number
    assert troubled.all_rows() == troubled.all_rows(live)
    assert parked_at(troubled) == parked_at(troubled, live)
    assert parked_at(troubled)[toys.BOOK][:2] == (2, 3)
    # The rows are still known to be of this very history, and what is right is found right.
    assert is_folded_from(troubled.ledger, troubled.serving())
    report = verify(troubled.ledger, troubled.generations, troubled.mapper, troubled.definitions)
    assert all(table.difference is None for book in report.books for table in book.tables)


@each_fault
def test_what_is_loaded_in_parts_is_taken_out_again(troubled, toys, fault):
    generation = troubled.generations.begin(troubled.definitions)
    loader = BulkLoader(
        troubled.ledger,
        generation,
        troubled.definitions,
        Folding(troubled.mapper, troubled.definitions.folds),
        lambda _: None,
        rows_in_memory=1,
        facts_per_read=1,
    )

    loader.load_books(sorted(troubled.ledger.heads().items()))

    # Nothing is derived yet.
    is_loaded = fault is too_large_when_derived
    assert loader.quarantined == (set() if is_loaded else {toys.BOOK})
    loaded = {toys.OTHER_BOOK: (2, None, None)}
    if is_loaded:
        loaded[toys.BOOK] = (4, None, None)
    assert parked_at(troubled, generation) == loaded
    rows = troubled.all_rows(generation).values()
    assert {row[0] for table in rows for row in table} == loaded.keys()


@ON_POSTGRESQL
def test_a_bulk_load_raises_what_every_statement_raises(shop, toys):
    generation = shop.begin()
    changes = Changes(toys.BOOK)
    changes.merge(toys.totals, ("a\0ma", "GHS"), spent=1)

    with pytest.raises(DataError), generation.loading() as connection:
        insert_into(connection, generation.schema, [changes])


@ON_POSTGRESQL
def test_a_bulk_load_that_is_cut_says_so(shop, toys, postgresql_url):
    generation = shop.begin()
    changes = Changes(toys.BOOK)
    changes.merge(toys.totals, ("ama", "GHS"), spent=1)

    with generation.engine.connect() as connection:
        ours = connection.execute(select(func.pg_backend_pid())).scalar()
        with psycopg.connect(postgresql_url, autocommit=True) as operator:
            operator.execute("SELECT pg_terminate_backend(%s, 5000)", [ours])
        with pytest.raises(DBAPIError) as cut:
            insert_into(connection, generation.schema, [changes])

    assert cut.value.connection_invalidated
