"""Database address: a URL as SQLAlchemy knows it, or one of libpq that names several hosts."""

import re
from urllib.parse import unquote

from sqlalchemy import URL, make_url

_HOST = r"(?:\[[0-9A-Fa-f:.]+\]|[^][:,/?#@]*)(?::\d*)?"
_SEVERAL_HOSTS = re.compile(
    rf"(?P<before>postgres(?:ql)?(?:\+psycopg)?://(?:[^/?#@]*@)?)"
    rf"(?P<hosts>{_HOST}(?:,{_HOST})+)(?P<after>(?:[/?].*)?)"
)


def database_address(text: str) -> URL:
    """``postgresql://one:5432,two:5433/name``: the hosts are tried in this order.

    Raises ArgumentError for what is no URL.
    """
    several = _SEVERAL_HOSTS.fullmatch(text)
    if several is None:
        return make_url(text)
    places = [_host_and_port(each) for each in several["hosts"].split(",")]
    return make_url(several["before"] + several["after"]).update_query_dict(
        {
            "host": ",".join(host for host, _ in places),
            "port": ",".join(port for _, port in places),
        }
    )


def _host_and_port(place: str) -> tuple[str, str]:
    if place.startswith("["):
        host, _, port = place[1:].partition("]")
        return host, port.removeprefix(":")
    host, _, port = place.partition(":")
    # Where a socket is, is written %2Frun%2Fpostgresql.
    return unquote(host), port
