"""Connections to servers that others chose, to none inside the house."""

import asyncio
import socket
from collections.abc import Collection
from ipaddress import ip_address
from typing import Any, Final

from aiohappyeyeballs import start_connection

from delivery.addresses import Network, is_allowed
from domain.book import Mode

# One that says nothing keeps no other waiting (RFC 8305).
_NEXT_ADDRESS_AFTER_SECONDS: Final = 0.25


class Unreachable(Exception):  # noqa: N818 (what happens outside is no fault of ours)
    """No connection may be made, or none could be."""


def not_public(host: str) -> str:
    return f"{host} is not a public address (WHENCE_DELIVERY_NETWORKS can allow it)"


async def connection(
    host: str, port: int, mode: Mode, allowed_networks: Collection[Network], seconds: float
) -> socket.socket:
    """To one of the addresses that the name leads to now, of those that may be told anything.

    Raises Unreachable.
    """
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(seconds):
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            allowed = [each for each in found if _may_be_told(each, mode, allowed_networks)]
            if not allowed:
                raise Unreachable(not_public(host))
            return await start_connection(allowed, happy_eyeballs_delay=_NEXT_ADDRESS_AFTER_SECONDS)
    except socket.gaierror:
        raise Unreachable(f"the name {host} is not known: a typing error?") from None
    except TimeoutError:
        raise Unreachable(f"no connection to {host} within {seconds:g} seconds") from None
    except (OSError, RuntimeError, UnicodeError) as error:
        said = getattr(error, "strerror", None) or str(error)
        raise Unreachable(f"no connection to {host}:{port}: {said}") from None


def _may_be_told(entry: Any, mode: Mode, allowed_networks: Collection[Network]) -> bool:
    return is_allowed(ip_address(entry[4][0]), mode=mode, allowed_networks=allowed_networks)
