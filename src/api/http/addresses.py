"""Addresses: whom one counts as one caller, of those who show no key."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from starlette.types import Scope

# Whoever has one IPv6 address has all of its /64: networks are given out in these.
_HOST_BITS: Final = 64
_LONGEST: Final = 64
_UNKNOWN: Final = "unknown"


def caller_of(scope: Scope) -> str:
    """Who sent the request, as far as its connection or a trusted proxy tells."""
    client = scope.get("client")
    return counted_as(client[0]) if client else _UNKNOWN


def counted_as(address: str) -> str:
    """An IPv4 address as it is, an IPv6 address as its network; all that are neither as one."""
    return _counted_as(address) if len(address) <= _LONGEST else _UNKNOWN


@lru_cache(maxsize=4096)
def _counted_as(address: str) -> str:
    try:
        found: IPv4Address | IPv6Address = ip_address(address)
    except ValueError:
        return _UNKNOWN
    if isinstance(found, IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return f"{IPv6Address(int(found) >> _HOST_BITS << _HOST_BITS)}/{_HOST_BITS}"
