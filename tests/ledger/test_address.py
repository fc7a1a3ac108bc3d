"""Database address: several hosts in one URL, as libpq writes them."""

from urllib.parse import quote

import pytest
from sqlalchemy import select
from sqlalchemy.exc import ArgumentError, OperationalError

from ledger.address import database_address
from ledger.database import open_engine

NOBODY = quote("/nowhere/at/all", safe="")


def asked_of_libpq(url):
    address = database_address(url).set(drivername="postgresql+psycopg")
    return address.get_dialect()().create_connect_args(address)[1]


def test_several_hosts_reach_the_driver_with_a_port_each():
    asked = asked_of_libpq(
        "postgresql://whence:se%2Ccret@one.example:5432,two.example:5433/ledger"
        "?target_session_attrs=read-write"
    )

    assert asked == {
        "host": "one.example,two.example",
        "port": "5432,5433",
        "user": "whence",
        "password": "se,cret",
        "dbname": "ledger",
        "target_session_attrs": "read-write",
    }


def test_a_host_without_a_port_has_the_usual_one_and_addresses_may_be_numbers():
    asked = asked_of_libpq("postgres://whence@[::1]:6432,10.0.0.2/ledger")

    assert (asked["host"], asked["port"]) == ("::1,10.0.0.2", "6432,")


@pytest.mark.parametrize(
    "url", ["postgresql://one:five,two/ledger", "postgresql://[one]:1,two:2/ledger", "one,two"]
)
def test_what_is_no_address_is_refused(url):
    with pytest.raises((ArgumentError, ValueError)):
        database_address(url)


def test_the_first_host_that_takes_us_is_used(postgresql_url):
    engine = open_engine(several_hosts(postgresql_url, "read-write"))

    with engine.connect() as connection:
        found = connection.execute(select(1)).scalar()
    engine.dispose()

    assert found == 1


def test_a_host_that_is_no_standby_is_passed_over_when_one_is_asked_for(postgresql_url):
    engine = open_engine(several_hosts(postgresql_url, "standby"))

    with pytest.raises(OperationalError, match="standby"):
        engine.connect()


def several_hosts(url, asked):
    """The same database behind a first host at which nobody is."""
    address = database_address(url)
    socket = quote(str(address.query["host"]), safe="")
    return (
        f"postgresql://{address.username}@{NOBODY},{socket}/{address.database}"
        f"?target_session_attrs={asked}"
    )
