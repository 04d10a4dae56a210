"""How one inside address or name can be spelled in a URL, all ways that browsers, resolvers or libraries are known to read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address

INSIDE_4 = [
    *("127.0.0.1", "127.255.255.254", "10.0.0.1", "172.16.0.1", "172.31.255.254", "192.168.1.1", "169.254.169.254"),
    *("169.254.170.2", "0.0.0.0", "100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192", "192.0.2.7"),
    *("198.18.0.1", "198.51.100.9", "203.0.113.10", "224.0.0.251", "240.0.0.1", "255.255.255.255"),
]
INSIDE_6 = [
    *("::", "::1", "fe80::1", "fec0::1", "fc00::1", "fd00:ec2::254", "fd20:ce::254", "ff02::1", "100::1", "5f00::1"),
    *("2001::1", "2001:10::1", "2001:20::1", "2001:db8::1", "3fff::1", "2620:4f:8000::1", "64:ff9b:1::1", "4000::1"),
]
# Not looked up: they are what the name server of a test says.
RESOLVED = {
    "localhost": ["127.0.0.1", "::1"],
    "rebound.example": ["127.0.0.1"],
    "two-faced.example": ["8.8.8.8", "10.0.0.1"],
    "one-of-many.example": ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:169.254.169.254"],
    "metadata.example": ["169.254.169.254"],
    "six.example": ["::1"],
    "translated.example": ["64:ff9b::7f00:1"],
    "xn--bcher-kva.example": ["192.168.0.1"],
    "db.company.example": ["10.1.2.3"],
}
UNRESOLVED = [
    *("metadata.google.internal", "vault.service.internal", "printer.local", "a.b.localhost", "localhost.localdomain"),
    *(
        "db",
        "kubernetes",
        "metadata",
        "router.home",
        "router.home.arpa",
        "wiki.corp",
        "nas.lan",
        "x.intranet",
        "y.private",
    ),
    *("kubernetes.default.svc.cluster.local", "ip6-localhost", "instance-data.ec2.internal"),
]
PUBLIC = [
    *("https://1.1.1.1/hook", "https://8.8.8.8:8443/a?b=c#d", "https://[2606:4700::1111]/", "https://public.example/"),
    *("HTTPS://Hooks.Example.COM/x", "https://a_b.example.com./", "https://hooks.example.com/?u=http://127.0.0.1/"),
    *("https://hooks.example.com/@localhost", "https://127.0.0.1.example.com/", "https://localhost.example.com/"),
    *("https://10.example.com/", "https://0x7f.example/", "https://internal.example/", "https://ＥＸＡＭＰＬＥ.com/"),
]

_FULL = str.maketrans("0123456789abcdefxyz", "０１２３４５６７８９ａｂｃｄｅｆｘｙｚ")
_ROUND = str.maketrans("0123456789abcdefghijklmnopqrstuvwxyz", "⓪①②③④⑤⑥⑦⑧⑨ⓐⓑⓒⓓⓔⓕⓖⓗⓘⓙⓚⓛⓜⓝⓞⓟⓠⓡⓢⓣⓤⓥⓦⓧⓨⓩ")
_BOLD = str.maketrans("0123456789abcdefghijklmnopqrstuvwxyz", "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗𝐚𝐛𝐜𝐝𝐞𝐟𝐠𝐡𝐢𝐣𝐤𝐥𝐦𝐧𝐨𝐩𝐪𝐫𝐬𝐭𝐮𝐯𝐰𝐱𝐲𝐳")
_DOTS = "。．｡"


def spellings() -> list[str]:
    """URLs of which none may be taken or dialled, each once."""
    hosts = [spelling for address in INSIDE_4 for spelling in _four(IPv4Address(address))]
    hosts += [spelling for address in INSIDE_6 for spelling in _six(IPv6Address(address))]
    hosts += [spelling for name in (*RESOLVED, *UNRESOLVED) for spelling in _named(name)]
    urls = [f"https://{host}/" for host in hosts]
    urls += [url for host in ("127.0.0.1", "[::1]", "localhost", "169.254.169.254", "0") for url in _disguised(host)]
    return list(dict.fromkeys(urls))


def _four(address: IPv4Address) -> Iterator[str]:
    octets, whole = list(address.packed), int(address)
    yield from _numbers([*octets])
    yield from _numbers([octets[0], octets[1], whole & 0xFFFF])
    yield from _numbers([octets[0], whole & 0xFFFFFF])
    yield from _numbers([whole])
    plain = str(address)
    yield from (plain.translate(table) for table in (_FULL, _ROUND, _BOLD))
    yield from (plain.replace(".", dot) for dot in _DOTS)
    yield from (
        _percent(plain),
        _percent(plain[:1]) + plain[1:],
        plain.replace(".", "%2e"),
        plain.replace(".", "%E3%80%82"),
    )
    yield from (f"{whole + 2**32}", ".".join(str(octet + 256) for octet in octets), f"{plain}.", f"{plain}..")
    yield from (f"[{inner}]" for inner in _inside_six(address))


def _numbers(parts: list[int]) -> Iterator[str]:
    """As inet_aton reads them, each part in one of its bases."""
    if parts[1:] and len(parts) == 4:
        yield ".".join(map(str, parts))
    spelled = [[str(part), f"0x{part:x}", f"0{part:o}", f"0X{part:08X}", f"000{part:o}"] for part in parts]
    yield from (".".join(column) for column in list(zip(*spelled, strict=True))[0 if len(parts) < 4 else 1 :])
    yield ".".join(choices[place % 3] for place, choices in enumerate(spelled))
    yield ".".join(choices[place % 3 - 2] for place, choices in enumerate(spelled)) + "."


def _inside_six(address: IPv4Address) -> Iterator[str]:
    """Mapped, compatible, translated, NAT64 of both prefixes, 6to4, Teredo."""
    high, low = f"{int(address) >> 16:x}", f"{int(address) & 0xFFFF:x}"
    flipped = int(address) ^ 0xFFFFFFFF
    yield from (f"::ffff:{address}", f"::ffff:{high}:{low}", f"::FFFF:{high}:{low}", f"0:0:0:0:0:ffff:{high}:{low}")
    yield from (f"0000:0000:0000:0000:0000:ffff:{address}", f"::{address}", f"::ffff:0:{high}:{low}")
    yield from (f"64:ff9b::{high}:{low}", f"64:ff9b::{address}", f"64:ff9b:1::{high}:{low}", f"2002:{high}:{low}::")
    yield from (f"2002:{high}:{low}::1", f"2001:0:808:808::{flipped >> 16:x}:{flipped & 0xFFFF:x}")
    yield f"::ffff:{high}:{low}%25eth0"


def _six(address: IPv6Address) -> Iterator[str]:
    yield from (
        f"[{address}]",
        f"[{str(address).upper()}]",
        f"[{address.exploded}]",
        f"[{address}%25eth0]",
        f"[{address}%eth0]",
    )
    yield from (
        f"[{address}].",
        f"[{str(address).translate(_FULL)}]",
        f"[{address}]:8443",
        str(address),
        f"[[{address}]]",
    )


def _named(name: str) -> Iterator[str]:
    yield from (
        name,
        name.upper(),
        name.title(),
        f"{name}.",
        f"{name.upper()}.",
        f"{name}:8443",
        _percent(name[:1]) + name[1:],
    )
    yield from (name.translate(_ROUND), name.translate(_BOLD), name.translate(_FULL), _percent(name))
    if "." in name:
        yield from (name.replace(".", dot) for dot in _DOTS)
    yield name[:1] + "\u00ad" + name[1:]
    yield name[:1] + "\u200b" + name[1:]
    if name.startswith("xn--"):
        yield from ("bücher.example", "BÜCHER.example", "bu\u0308cher.example", "bücher。example")


def _disguised(host: str) -> Iterator[str]:
    """The host beside one that is public, and what stands before it or between."""
    yield from (
        f"https://{user}@{host}/" for user in ("", "a", "a:b", ":", "example.com", "example.com:443", "%40", "a@b")
    )
    yield from (f"https://example.com{between}@{host}/" for between in ("\\", "\t", " ", "\n", "%00", "%0d%0a", "\x00"))
    yield from (
        f"https://{host}{after}example.com/" for after in ("\\", "\\@", "\t", " ", "\r\n", "\x00", "%00", "%2f", "%23")
    )
    yield from (f"https://{host}{after}@example.com/" for after in ("#", "?", "/", "\\", ":443#", ";"))
    yield from (f"https:{slashes}{host}/" for slashes in ("", "/", "///", "////", "\\\\", "/\\", "\\/", "//\t", "// "))
    yield from (f"{scheme}{host}/" for scheme in _SCHEMES)
    yield from (
        f"https://{host}:{port}/"
        for port in ("0", "00", "-1", "65536", "99999999999", "a", "443:443", "+443", "４４３")
    )
    yield from (f"https://{host}:{port}" for port in ("443", "8443", "0443", ""))
    yield from (f"https://{host}{path}" for path in ("?a=b", "#a", "/latest/meta-data/", "//", "/%2e%2e/", ";a"))


_SCHEMES = (
    *(
        "http://",
        "HTTP://",
        "//",
        "",
        "ftp://",
        "file://",
        "gopher://",
        "dict://",
        "ldap://",
        "ws://",
        "wss://",
        "unix://",
    ),
    *(
        "javascript:",
        "data:",
        "jar:https://",
        "url:https://",
        "view-source:https://",
        "https+unix://",
        " https://",
        "hţtps://",
    ),
)


def _percent(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode())


def sample(urls: Iterable[str], count: int) -> list[str]:
    """About so many of them, from all kinds."""
    urls = list(urls)
    return urls[:: max(1, len(urls) // count)]
