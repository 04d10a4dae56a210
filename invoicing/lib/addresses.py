"""Which network addresses this server may dial: our own table, because Python 3.11's `is_global` passes some that lead inside."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from django.conf import settings

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# IANA's special-purpose registry of IPv4, and what clouds answer inside on an address that looks public.
_CLOSED_4 = [
    IPv4Network(net)
    for net in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16"),
        *("192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        "168.63.129.16/32",  # Azure's metadata; most others' are in 169.254.0.0/16, 100.64.0.0/10 and 192.0.0.0/24
        *("161.26.0.0/16", "166.8.0.0/14"),  # IBM's services
    )
]
# Of IPv6 only 2000::/3 is routed in public; in it protocol assignments with Teredo and ORCHID, 6to4, examples, AS112.
_OPEN_6 = IPv6Network("2000::/3")
_CLOSED_6 = [IPv6Network(net) for net in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")]
_NAT64 = IPv6Network("64:ff9b::/96")


def is_public(address: Address) -> bool:
    """Whether the address lies on the public internet; one that embeds an IPv4 address (mapped, NAT64) counts as that."""
    if isinstance(address, IPv6Address):
        if (inner := _embedded(address)) is None:
            return address in _OPEN_6 and not any(address in net for net in _CLOSED_6)
        address = inner
    return not any(address in net for net in _CLOSED_4)


def may_dial(text: str, *, plain: bool) -> bool:
    """Whether a connection to this numeric address is allowed: OUTGOING_ALLOW_NETS are, public ones unless `plain` (http)."""
    try:
        address = ip_address(text)
    except ValueError:
        return False
    nets = _allowed(tuple(settings.OUTGOING_ALLOW_NETS))
    inner = _embedded(address) if isinstance(address, IPv6Address) else None
    if any(address in net or (inner is not None and inner in net) for net in nets):
        return True
    return not plain and is_public(address)


def _embedded(address: IPv6Address) -> IPv4Address | None:
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped


@lru_cache(maxsize=8)
def _allowed(nets: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ip_network(net) for net in nets)
