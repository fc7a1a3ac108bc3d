"""Addresses that may be told: none inside the house, in whatever spelling, at whichever look.

Asked twice: what an address says is judged when it is written down, and what a name leads to each
time a connection is about to be made, so that a name which leads elsewhere by then is of no use.
"""

import socket
import unicodedata
from collections.abc import Collection
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Final

from yarl import URL

from domain.book import Mode

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_LOOPBACK: Final = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
_LOCALHOST: Final = "localhost"

# `is_global` of Python lets several of these through, and others with each of its releases.
_NOT_PUBLIC: Final = tuple(
    ip_network(each)
    for each in (
        "0.0.0.0/8",  # this host
        "10.0.0.0/8",
        "100.64.0.0/10",  # shared by a provider's customers
        "127.0.0.0/8",
        "169.254.0.0/16",  # link-local: metadata of clouds
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",
        "2001::/23",  # Teredo among them
        "2001:db8::/32",
        "2002::/16",  # 6to4
        "3fff::/20",
    )
)
# Whatever else is written in six colons is loopback, link-local, multicast, an IPv4 address in
# disguise (mapped, NAT64), or nobody's.
_PUBLIC_IPV6: Final = IPv6Network("2000::/3")


class AddressRefused(ValueError):  # noqa: N818 (an answer to whoever wrote it, not a fault)
    """An address that must not be told anything; ``reason`` is a sentence about it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def is_allowed(address: Address, *, mode: Mode, allowed_networks: Collection[Network] = ()) -> bool:
    """Whether a connection may be made: to the public, and to what is allowed by a setting.

    In test mode to this machine as well, where developers listen.
    """
    if any(address in network for network in allowed_networks):
        return True
    if mode == "test" and any(address in network for network in _LOOPBACK):
        return True
    if isinstance(address, IPv6Address) and address not in _PUBLIC_IPV6:
        return False
    return not any(address in network for network in _NOT_PUBLIC)


def check_url(
    url: str,
    *,
    mode: Mode,
    allowed_networks: Collection[Network] = (),
    allow_insecure: bool = False,
) -> None:
    """Raises AddressRefused for one that is no ``https://…``, or leads inside as it is written.

    Without TLS only where ``allow_insecure`` says so, and to this machine in test mode.
    """
    parsed = _parsed(url)
    host = _plain(parsed.raw_host or "")
    address = written_address(host)
    is_here = _is_localhost(host) or (
        address is not None and any(address in network for network in _LOOPBACK)
    )
    if parsed.scheme == "http" and not allow_insecure and not (mode == "test" and is_here):
        raise AddressRefused("it must begin with https://")
    if address is None and not _is_localhost(host):
        return
    reached = address or IPv4Address("127.0.0.1")
    if not is_allowed(reached, mode=mode, allowed_networks=allowed_networks):
        raise AddressRefused(f"{host} is not a public address")


def written_address(host: str) -> Address | None:
    """The IP address that a host is, in any spelling (``0x7f.1``, ``2130706433``); None: a name."""
    plain = _plain(host)
    try:
        return ip_address(plain)
    except ValueError:
        pass
    try:
        # As the C library reads it: decimal, octal, hexadecimal, with fewer than three dots.
        return IPv4Address(socket.inet_aton(plain)) if plain.isascii() else None
    except (OSError, ValueError):
        return None


def _parsed(url: str) -> URL:
    if any(unicodedata.category(each)[0] in "CZ" for each in url):
        raise AddressRefused("it must not have spaces or control characters")
    try:
        parsed = URL(url)
        port = parsed.port
    except ValueError:
        raise AddressRefused("it cannot be read as an address") from None
    if parsed.scheme not in {"http", "https"} or not parsed.raw_host or not port:
        raise AddressRefused("it must be like https://shop.example/hooks")
    if parsed.user is not None or parsed.password is not None:
        raise AddressRefused("it must not carry a user name or a password")
    return parsed


def _plain(host: str) -> str:
    """Without disguises that resolvers see through: wide digits, other dots, a dot at the end."""
    return unicodedata.normalize("NFKC", host).replace("。", ".").rstrip(".").lower()


def _is_localhost(host: str) -> bool:
    return host == _LOCALHOST or host.endswith("." + _LOCALHOST)
