"""Several processes load one generation as one does, and none of them outlives its parent."""

import multiprocessing
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psutil
import psycopg
import pytest
from forked import ensure_prepared
from slow_statements import hindered
from sqlalchemy import select
from tables import make_tables
from waiting import awaited, is_over

from domain.customer import Customer
from domain.payment import Payment
from ledger.append import Append, NewFact
from ledger.database import open_engine
from ledger.facts import FactMapper
from ledger.ledger import Ledger
from projections.engine.folding.changes import Changes
from projections.engine.folding.checkpoints import checkpoints
from projections.engine.folding.fold import Folding
from projections.engine.generations.generations import Generations
from projections.engine.rebuilding.parallel_load import LoadFailed, load_in_parallel
from projections.read_models import DEFINITIONS

BOOK, OTHER_BOOK = "org_00000000000000000000000001/test", "org_00000000000000000000000002/live"
BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
MAPPER = FactMapper()


@dataclass
class Kiosk:
    """A ledger with the payments of a few people in two books."""

    ledger: Ledger
    generations: Generations

    def record(self, book, *entities):
        facts = [MAPPER.encode(fact) for entity in entities for fact in entity.collect_events()]
        self.ledger.append(Append(book, facts=tuple(facts)))

    def filled(self, processes, count=lambda _: None):
        """All rows of a new generation, by table."""
        generation = self.generations.begin(DEFINITIONS)
        load_in_parallel(
            self.ledger,
            generation,
            DEFINITIONS,
            MAPPER,
            sorted(self.ledger.heads().items()),
            count,
            processes=processes,
            facts_per_process=1,
        )
        with generation.reading() as connection:
            return {
                table.name: sorted(map(tuple, connection.execute(select(table))), key=repr)
                for table in (*DEFINITIONS.folded, checkpoints)
            }


def payment(number, buyer):
    """Some are not paid, some fail, some are paid and given back, some find their buyer late."""
    now = BEGINNING + timedelta(minutes=7 * number)
    payment = Payment.create(
        f"pay_{number:026}",
        amount=100 + number,
        currency="GHS",
        customer_id=buyer if number % 7 else None,
        source="payment_link",
        source_id=f"link_{number % 3}",
        metadata={"table": str(number % 5)},
        now=now,
    )
    if number % 4 == 1:
        payment.fail("card_declined", "no", now)
    elif number % 4:
        payment.collect(now + timedelta(seconds=9))
    if number % 8 == 2:
        payment.refund(f"re_{number}", 50, now)
    if number % 8 == 3:
        payment.open_a_dispute(f"dp_{number}", None, now)
        payment.resolve_the_dispute("lost", now)
    payment.attach(buyer, now)
    return payment


def fill_kiosk(kiosk):
    kiosk.record(BOOK, Customer.register("cus_ama", name="Ama", now=BEGINNING))
    for number in range(40):
        kiosk.record(BOOK if number < 30 else OTHER_BOOK, payment(number, "cus_ama"))


@pytest.fixture
def open_kiosk(tmp_path, clock):
    with ExitStack() as parts:

        def opened(url):
            engine = open_engine(url)
            parts.callback(engine.dispose)
            make_tables(engine)
            ledger = parts.enter_context(Ledger(engine, clock=clock))
            generations = parts.enter_context(Generations(engine, tmp_path, clock=clock))
            return Kiosk(ledger, generations)

        yield opened


def loaders():
    """The processes of a load: a server that other tests share may be a child of this one too."""
    return [each for each in multiprocessing.active_children() if each.name.startswith("loader-")]


@pytest.fixture
def kiosk(open_kiosk, postgresql_url):
    ensure_prepared()  # who loads is forked from what has imported all
    kiosk = open_kiosk(postgresql_url)
    fill_kiosk(kiosk)
    return kiosk


def test_several_processes_load_what_one_loads(kiosk):
    counted = []

    several = kiosk.filled(3, counted.append)

    assert several == kiosk.filled(1)
    assert several["payments"]
    assert sum(counted) == sum(kiosk.ledger.heads().values())


def test_a_sqlite_file_is_filled_by_this_process_alone(open_kiosk, sqlite_url):
    kiosk = open_kiosk(sqlite_url)
    fill_kiosk(kiosk)
    children = []

    kiosk.filled(3, lambda _: children.extend(loaders()))

    assert not children


def test_several_processes_are_at_work_on_postgresql(kiosk):
    children = set()

    kiosk.filled(3, lambda _: children.update(loaders()))

    assert len(children) == 3
    assert not loaders()


def park_one_part(kiosk):
    """A fact that some folds take and others refuse, and one after it; the last good position."""
    # Its history can be told; what was collected cannot.
    of_no_amount = MAPPER.encode(payment(50, None).collect_events()[0])
    data = '{"occurred_at":"2026-02-01T00:00:00Z","previous_status":"pending","status":"succeeded"}'
    bad = NewFact(of_no_amount.stream, 2, "payment.succeeded", data)
    recorded = kiosk.ledger.append(Append(BOOK, facts=(of_no_amount, bad)))
    kiosk.record(BOOK, payment(51, "cus_ama"))
    return recorded.position - 1


def test_a_fact_that_only_some_folds_refuse_parks_its_book_where_one_process_would(kiosk):
    last_good = park_one_part(kiosk)

    several = kiosk.filled(2)

    assert several == kiosk.filled(1)
    parked = {row[0]: row[2] for row in several["checkpoints"]}
    assert parked == {BOOK: last_good + 1, OTHER_BOOK: None}


def test_what_only_some_folds_took_of_a_book_is_cleared_unhurried(kiosk):
    park_one_part(kiosk)
    cleared = f"views_1.{DEFINITIONS.folded[0].name}"

    with hindered(kiosk.ledger.engine, "DELETE FROM views_1", cleared) as waited:
        several = kiosk.filled(2)

    assert waited
    assert several == kiosk.filled(1)


def test_a_process_that_is_gone_ends_the_filling(kiosk):
    def kill_one(_):
        loaders()[0].kill()

    with pytest.raises(LoadFailed):
        kiosk.filled(2, kill_one)

    assert not loaders()


def test_an_interrupt_ends_all_processes(kiosk):
    def interrupt(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        kiosk.filled(2, interrupt)

    assert not loaders()


STAND_STILL = """
import multiprocessing, sys, time
from projections.read_models import DEFINITIONS
from projections.engine.generations.generation import postgresql_generation
from projections.engine.rebuilding.parallel_load import load_in_parallel
from ledger.database import open_engine
from ledger.facts import FactMapper
from ledger.ledger import Ledger

def stand_still(_):
    print(*(child.pid for child in multiprocessing.active_children()), flush=True)
    time.sleep(600)

if __name__ == "__main__":
    engine = open_engine(sys.argv[1])
    ledger = Ledger(engine, clock=None)
    generation = postgresql_generation(engine, "views_1", 1, DEFINITIONS.digest())
    load_in_parallel(ledger, generation, DEFINITIONS, FactMapper(), sorted(ledger.heads().items()),
                     stand_still, processes=2, facts_per_process=1)
"""


def test_no_process_outlives_the_one_that_started_it(kiosk, postgresql_url, tmp_path):
    generation = kiosk.generations.begin(DEFINITIONS)
    script = tmp_path / "stand_still.py"
    script.write_text(STAND_STILL)
    command = [sys.executable, str(script), postgresql_url]
    with (
        psycopg.connect(postgresql_url) as connection,
        subprocess.Popen(command, stdout=subprocess.PIPE) as parent,  # noqa: S603 (our own)
    ):
        # They come to where they write, and no further.
        tables = ", ".join(f"{generation.schema}.{table.name}" for table in DEFINITIONS.folded)
        connection.execute(f"LOCK TABLE {tables}")
        children = [psutil.Process(int(pid)) for pid in parent.stdout.readline().split()]

        parent.kill()

        assert len(children) == 2
        awaited(lambda: all(map(is_over, children)))


def test_no_two_folds_write_one_table(kiosk):
    facts = kiosk.ledger.read(BOOK, limit=1_000)
    written = []
    for fold in DEFINITIONS.folds:
        changes = Changes(BOOK)
        assert Folding(MAPPER, [fold]).add(changes, 0, facts) == (len(facts), None)
        written += [table.name for table in changes.tables()]

    assert len(written) == len(set(written))


def test_a_book_of_which_a_row_is_refused_is_left_out_by_all_and_no_other(kiosk):
    for number in (60, 61):
        payment = Payment.create(
            f"pay_{number:026}",
            amount=2**62,
            currency="GHS",
            customer_id="cus_esi",
            source="api",
            now=BEGINNING,
        )
        payment.collect(BEGINNING)
        # The larger book is dealt out by its folds, and only some of them are refused.
        kiosk.record(BOOK, payment)

    several = kiosk.filled(3)

    assert several == kiosk.filled(1)
    assert {row[0] for rows in several.values() for row in rows} == {OTHER_BOOK}
    assert several["payments"]
