"""Addresses: nobody inside the house is told anything, however the address is spelled."""

from ipaddress import ip_address, ip_network

import pytest

from delivery.addresses import AddressRefused, check_url, is_allowed, written_address

PRIVATE = [
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "127.0.0.1.",
    "127.0.0.1..",
    "\uff11\uff12\uff17.\uff10.0.1",
    "127\u30020\u30020\u30021",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:8.8.8.8]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::a00:1]",
    "[2002:7f00:1::]",
    "[2001:0:53aa:64c:0:0:8000:1]",
    "[fe80::1]",
    "[fc00::1]",
    "[ff02::1]",
    "[100::1]",
    "[2001:db8::1]",
    "0.0.0.0",  # noqa: S104 (nothing is bound to it)
    "0",
    "10.0.0.1",
    "10.1",
    "100.64.0.1",
    "169.254.169.254",
    "0xa9fea9fe",
    "172.31.255.255",
    "192.168.1.1",
    "192.0.0.8",
    "192.88.99.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "shop.localhost",
]


@pytest.mark.parametrize("host", PRIVATE)
def test_an_address_inside_is_refused_in_whatever_spelling(host):
    with pytest.raises(AddressRefused, match="is not a public address"):
        check_url(f"https://{host}/hooks", mode="live")


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example/hooks",
        "https://shop.example:8443/hooks?a=b",
        "https://8.8.8.8/hooks",
        "https://[2606:4700:4700::1111]/hooks",
        "https://bücher.example/hooks",
        "https://10.example/hooks",
    ],
)
def test_a_public_address_may_be_told(url):
    check_url(url, mode="live")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "shop.example",
        "//shop.example",
        "ftp://shop.example",
        "https://",
        "https:///hooks",
        "https://shop.example:0/",
        "https://shop.example:99999/",
        "https://ama:secret@shop.example/",
        "https://shop.example/a b",
        "https://shop.example/\r\nX-Evil: 1",
        "https://[::1",
        "https://[fe80::1%eth0]/",
    ],
)
def test_what_is_no_address_is_refused(url):
    with pytest.raises(AddressRefused):
        check_url(url, mode="live")


def test_without_tls_nobody_is_told_unless_it_is_allowed():
    with pytest.raises(AddressRefused, match="https://"):
        check_url("http://shop.example/hooks", mode="live")
    with pytest.raises(AddressRefused, match="https://"):
        check_url("http://shop.example/hooks", mode="test")

    check_url("http://shop.example/hooks", mode="live", allow_insecure=True)


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1:8080", "[::1]:8080", "127.1"])
def test_in_test_mode_this_machine_may_be_told(host):
    check_url(f"http://{host}/hooks", mode="test")

    with pytest.raises(AddressRefused):
        check_url(f"http://{host}/hooks", mode="live", allow_insecure=True)


def test_the_test_mode_reaches_no_further_than_this_machine():
    for host in ("10.0.0.1", "169.254.169.254", "[::ffff:127.0.0.1]", "0"):
        with pytest.raises(AddressRefused, match="is not a public address"):
            check_url(f"https://{host}/", mode="test")


def test_networks_are_allowed_by_a_setting():
    inside = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]

    check_url("https://10.1.2.3/hooks", mode="live", allowed_networks=inside)
    check_url("https://[fd00::1]/hooks", mode="live", allowed_networks=inside)

    assert not is_allowed(ip_address("192.168.1.1"), mode="live", allowed_networks=inside)


@pytest.mark.parametrize("network", ["10.0.0.0/8", "169.254.0.0/16", "fe80::/10", "ff00::/8"])
def test_the_first_and_last_of_a_network_inside_are_refused(network):
    inside = ip_network(network)

    assert not is_allowed(inside[0], mode="live")
    assert not is_allowed(inside[-1], mode="live")


def test_names_are_not_taken_for_addresses():
    for name in ("shop.example", "1.2.3.4.example", "0x.example", "a", "\uff11.example"):
        assert written_address(name) is None
