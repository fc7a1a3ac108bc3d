"""Event sourcing library baseline: the same work, on the same PostgreSQL.

`python library.py SECONDS DATABASE_URL` appends events one command at a time for so long, and
prints how many it stored.
"""

import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import StoredEvent, Tracking
from eventsourcing.postgres import (
    PostgresApplicationRecorder,
    PostgresDatastore,
    PostgresTrackingRecorder,
)
from eventsourcing.projection import Projection, ProjectionRunner
from psycopg.sql import SQL
from sqlalchemy import make_url

_STATE = b'{"amount": 15000, "currency": "GHS", "customer_id": "cus_00000000000000000000000001"}'


def appends_per_second(url: str, *, processes: int, seconds: float) -> float:
    """Events stored by so many processes at once, one command each time."""
    recorder = PostgresApplicationRecorder(_datastore(url), events_table_name="library_events")
    recorder.create_table()
    recorder.datastore.close()
    command = [sys.executable, str(Path(__file__)), str(seconds), url]
    started = [
        subprocess.Popen(command, stdout=subprocess.PIPE)  # noqa: S603 (our own command line)
        for _ in range(processes)
    ]
    return sum(float(each.communicate(timeout=seconds + 60)[0]) for each in started)


class Paid(Aggregate):
    """A payment in the library's own shape."""

    @event("Created")
    def __init__(self, customer: str, amount: int) -> None:
        self.customer = customer
        self.amount = amount


class Payments(Application[UUID]):
    """Where the payments come from that the library's runner reads."""


class Totals(PostgresTrackingRecorder):
    """The smallest read model there is: what each customer paid."""

    def __init__(self, datastore: PostgresDatastore, **kwargs: Any) -> None:
        super().__init__(datastore, **kwargs)
        table = (
            "CREATE TABLE IF NOT EXISTS library_totals (customer text PRIMARY KEY, total bigint)"
        )
        self.sql_create_statements.append(SQL(table).format())

    def add(self, customer: str, amount: int, tracking: Tracking) -> None:
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(
                "INSERT INTO library_totals AS kept VALUES (%s, %s) ON CONFLICT (customer) "
                "DO UPDATE SET total = kept.total + excluded.total",
                (customer, amount),
            )


class TotalsProjection(Projection[Totals]):
    name = "totals"

    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        self.view.add(domain_event.customer, domain_event.amount, tracking)


def projected_per_second(url: str, *, events: int) -> float:
    """How fast the library's ProjectionRunner catches up with so many events."""
    environment = _environment(url)
    app = Payments(environment)
    for start in range(0, events, 500):
        app.save(*(Paid(f"cus_{number % 100}", 100) for number in range(start, start + 500)))
    last = app.recorder.max_notification_id()
    began = time.perf_counter()
    with ProjectionRunner(
        application_class=Payments,
        projection_class=TotalsProjection,
        view_class=Totals,
        env=environment,
    ) as runner:
        runner.wait(last, timeout=120)
        return events / (time.perf_counter() - began)


def _datastore(url: str) -> PostgresDatastore:
    place = _environment(url)
    return PostgresDatastore(
        dbname=place["POSTGRES_DBNAME"],
        host=place["POSTGRES_HOST"],
        port=place["POSTGRES_PORT"],
        user=place["POSTGRES_USER"],
        password=place["POSTGRES_PASSWORD"],
    )


def _environment(url: str) -> dict[str, str]:
    parsed = make_url(url)
    host = parsed.host or parsed.query.get("host", "localhost")
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": parsed.database or "postgres",
        "POSTGRES_HOST": str(host),
        "POSTGRES_PORT": str(parsed.port or parsed.query.get("port", 5432)),
        "POSTGRES_USER": parsed.username or "postgres",
        "POSTGRES_PASSWORD": parsed.password or "none",
    }


def _append(url: str, seconds: float) -> float:
    recorder = PostgresApplicationRecorder(_datastore(url), events_table_name="library_events")
    done, began = 0, time.perf_counter()
    while time.perf_counter() < began + seconds:
        recorder.insert_events([StoredEvent(uuid4(), 1, "payment.created", _STATE)])
        done += 1
    elapsed = time.perf_counter() - began
    recorder.datastore.close()
    return done / elapsed


if __name__ == "__main__":
    print(_append(sys.argv[2], float(sys.argv[1])))
