"""Which addresses may be dialled: none that leads inside, all that are public, and whatever the operator allows."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest

from invoicing.lib.addresses import may_dial

INSIDE = [
    *("127.0.0.1", "127.255.255.254", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254"),
    *("0.0.0.0", "0.1.2.3", "100.64.0.1", "192.0.0.8", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.19.255.255"),
    *("198.51.100.7", "203.0.113.9", "224.0.0.1", "240.0.0.1", "255.255.255.255", "168.63.129.16"),
    *("::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe", "64:ff9b::7f00:1"),
    *("64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::", "2002:808:808::1", "2001::1", "2001:db8::1", "3fff::1"),
    *("5f00::1", "100::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "4000::1"),
]
PUBLIC = ["1.1.1.1", "8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.mark.parametrize("address", INSIDE)
def test_inside_is_never_dialled(address: str) -> None:
    assert not may_dial(address, plain=False)
    assert not may_dial(address, plain=True)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_is_dialled_with_tls_only(address: str) -> None:
    assert may_dial(address, plain=False)
    assert not may_dial(address, plain=True)


# Every row of IANA's registries of special-purpose addresses (as of 2026), what else is not for the public, and clouds.
REGISTRIES = [
    *("0.0.0.0/8", "0.0.0.0/32", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
    *("192.0.0.0/24", "192.0.0.0/29", "192.0.0.8/32", "192.0.0.9/32", "192.0.0.10/32", "192.0.0.170/31"),
    *("192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24"),
    *("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "255.255.255.255/32"),
    *("::1/128", "::/128", "::/96", "::ffff:127.0.0.0/104", "::ffff:0:0:0/96", "64:ff9b::a00:0/104", "64:ff9b:1::/48"),
    *("100::/64", "100:0:0:1::/64", "2001::/23", "2001::/32", "2001:1::1/128", "2001:1::2/128", "2001:1::3/128"),
    *("2001:2::/48", "2001:3::/32", "2001:4:112::/48", "2001:10::/28", "2001:20::/28", "2001:30::/28"),
    *("2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10"),
    *("fec0::/10", "ff00::/8", "200::/7", "1000::/4", "4000::/2", "8000::/1"),
    *("169.254.169.254/32", "169.254.170.2/32", "168.63.129.16/32", "100.100.100.200/32", "192.0.0.192/32"),
    *("161.26.0.0/16", "166.8.0.0/14", "fd00:ec2::254/128", "fd20:ce::254/128", "fe80::a9fe:a9fe/128"),
]


@pytest.mark.parametrize("net", REGISTRIES)
def test_special_purpose_is_never_dialled(net: str) -> None:
    whole = ip_network(net)
    for address in (whole[0], whole[-1], whole[whole.num_addresses // 2]):
        assert not may_dial(str(address), plain=False)


@pytest.mark.parametrize(
    "address",
    [
        *("1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255", "126.255.255.255", "128.0.0.0", "169.253.255.255"),
        *("172.15.255.255", "191.255.255.255", "192.0.1.0", "192.0.3.0", "192.88.98.255", "192.167.255.255"),
        *("198.17.255.255", "198.20.0.0", "203.0.112.255", "223.255.255.255", "161.25.255.255", "166.12.0.0"),
        *("2001:200::", "2001:db7:ffff::", "2001:db9::", "2003::", "2620:4f:7fff::", "3ffe:ffff::", "2000::1"),
    ],
)
def test_neighbours_of_special_purpose_are_public(address: str) -> None:
    assert may_dial(address, plain=False)


def test_allowed_nets_are_dialled_either_way(settings: Any) -> None:
    settings.OUTGOING_ALLOW_NETS = ["10.1.0.0/16", "::1/128"]
    for address in ("10.1.2.3", "::ffff:10.1.2.3", "::1"):
        assert may_dial(address, plain=True)
        assert may_dial(address, plain=False)
    assert not may_dial("10.2.0.1", plain=False)
