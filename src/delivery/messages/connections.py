"""Connections to servers that others chose, to none inside the house."""

import asyncio
import socket
from collections.abc import Collection, Sequence
from ipaddress import ip_address
from typing import Any

from delivery.addresses import Network, is_allowed
from domain.book import Mode


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
            return await _first_connected(allowed)
    except socket.gaierror:
        raise Unreachable(f"the name {host} is not known: a typing error?") from None
    except TimeoutError:
        raise Unreachable(f"no connection to {host} within {seconds:g} seconds") from None
    except (OSError, UnicodeError) as error:
        said = getattr(error, "strerror", None) or str(error)
        raise Unreachable(f"no connection to {host}:{port}: {said}") from None


async def _first_connected(found: Sequence[Any]) -> socket.socket:
    refused = OSError()
    for family, kind, protocol, _, place in found:
        line = socket.socket(family, kind, protocol)
        line.settimeout(0)
        try:
            await asyncio.get_running_loop().sock_connect(line, place)
        except OSError as error:
            line.close()
            refused = error
        except BaseException:
            line.close()
            raise
        else:
            return line
    raise refused


def _may_be_told(entry: Any, mode: Mode, allowed_networks: Collection[Network]) -> bool:
    return is_allowed(ip_address(entry[4][0]), mode=mode, allowed_networks=allowed_networks)
