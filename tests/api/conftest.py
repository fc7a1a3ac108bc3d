"""The whole application over a real store, and a merchant who calls it."""

from api_server import (
    client,
    database,
    database_url,
    document,
    log,
    merchant,
    merchants,
    new_server,
    receiver,
    sent,
    server,
    server_on_postgresql,
    server_on_sqlite,
    shop,
    stranger,
)

__all__ = [
    "client",
    "database",
    "database_url",
    "document",
    "log",
    "merchant",
    "merchants",
    "new_server",
    "receiver",
    "sent",
    "server",
    "server_on_postgresql",
    "server_on_sqlite",
    "shop",
    "stranger",
]
