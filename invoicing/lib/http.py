"""The only way out over HTTP: addresses vetted at every dial, one deadline for everything, no redirects, little read."""

from __future__ import annotations

import asyncio
import re
import socket
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as LookupTimeout
from contextvars import ContextVar
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import lru_cache
from io import BytesIO
from ipaddress import IPv4Address, IPv6Address, ip_address
from types import TracebackType
from typing import Any, NamedTuple, Self

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.connector import Connection
from django.conf import settings
from yarl import URL

from invoicing.lib import clock
from invoicing.lib.addresses import may_dial
from invoicing.lib.errors import Invalid
from invoicing.lib.failures import NOT_ALLOWED, Refused, reason_of
from invoicing.lib.sockets import SippingSocket

DEADLINE = 10.0
MAX_URL = 2000
MAX_EXCERPT = 16 * 1024  # bytes of an answer's body that are read, all of which are kept
_LARGE = 1024 * 1024  # bytes of a body that goes out in pieces
_ADDRESSES = 8  # of a name that are tried: aiohttp's tries grow with the square of their number
_MAX_RETRY_AFTER = 86_400.0
_LOOKUP_SECONDS = 2.0  # how long a person who types a URL waits for its name

_PRINTABLE = re.compile(r"[^\x00-\x20\x7f\\]+")
_AUTHORITY = re.compile(r"://|[/?#]")
_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?")
_NUMERIC = re.compile(r"(^|\.)(0x[0-9a-f]*|[0-9]+)\.?$")  # what a resolver may read as IPv4 (WHATWG URL 3.5)
_INSIDE = re.compile(r"(^[^.]+|\.(localhost|localdomain|local|internal|intranet|lan|corp|home|home\.arpa|private))\.?$")

# getaddrinfo cannot be cancelled: a name server that hangs must not take the threads of the others.
_lookups = ThreadPoolExecutor(max_workers=256, thread_name_prefix="lookup")


class Answer(NamedTuple):
    """How a call ended: `status` with the start of the body, or `error`, one sentence. `duration_ms` is the whole call's.

    `retry_after` is how many seconds the other side asks to be left alone (0 to a day); None where it does not say.
    `left` is false where nothing of the request can have arrived: there was no connection.
    """

    status: int | None
    excerpt: str
    duration_ms: int
    error: str | None
    retry_after: float | None = None
    left: bool = True


# Where a call may go -------------------------------------------------------------------------------------------------
def parse_url(text: str) -> URL:
    """The URL as it will be dialled, looked at without the network; Invalid names `url` and says what is wrong."""
    return _parsed(text, bool(settings.OUTGOING_ALLOW_NETS))


@lru_cache(maxsize=1_000)  # a sender asks for the same few at every call
def _parsed(text: str, http_allowed: bool) -> URL:
    if len(text) > MAX_URL or not _PRINTABLE.fullmatch(text):
        raise Invalid.field("url", f"Expected a URL of at most {MAX_URL} characters without spaces.")
    try:
        url = URL(text)
    except ValueError:
        raise Invalid.field("url", "This is not a URL.") from None
    if url.scheme != "https" and not (url.scheme == "http" and http_allowed):
        raise Invalid.field("url", "Expected a URL that begins with https://.")
    if not _is_host(url.raw_host or "") or not url.port:
        raise Invalid.field("url", "The host or port of this URL is not valid.")
    if "@" in _AUTHORITY.split(text, maxsplit=2)[1]:  # also an empty one, which the parser drops
        raise Invalid.field("url", "A URL must not carry a user name or password.")
    return url


def check_url(text: str) -> None:
    """As `parse_url`, and look the host up: Invalid where it leads inside. Blocks for at most 2 s; no transaction around it.

    An https host that does not resolve passes, for that may change: each dial is vetted again.
    """
    url = parse_url(text)
    host, plain = str(url.raw_host), url.scheme == "http"
    try:
        found = _lookups.submit(_lookup, host, url.port or 0).result(timeout=_LOOKUP_SECONDS)
    except (OSError, UnicodeError, LookupTimeout):
        if plain or _INSIDE.search(host):
            raise Invalid.field("url", "This host does not resolve.") from None
        return
    if not all(may_dial(str(info[4][0]), plain=plain) for info in found):
        raise Invalid.field("url", NOT_ALLOWED)


def _is_host(host: str) -> bool:
    if ":" in host or _NUMERIC.search(host):
        return _is_canonical(host)  # 2130706433, 0x7f.1, 0177.0.0.1 and fe80::1%eth0 are not
    return len(host) <= 253 and bool(_NAME.fullmatch(host))


def _is_canonical(host: str) -> bool:
    try:
        address: IPv4Address | IPv6Address = ip_address(host)
    except ValueError:
        return False
    return "%" not in host and (":" in host or str(address) == host)


def _lookup(host: str, port: int) -> list[tuple[Any, ...]]:
    return list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))


class _Gate(AbstractResolver):
    """Resolves names and opens sockets for one scheme, vetting every address a name has and again the one that is dialled."""

    def __init__(self, *, plain: bool) -> None:
        self.plain = plain

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await asyncio.get_running_loop().run_in_executor(_lookups, _lookup, host, port)
        if not all(may_dial(str(info[4][0]), plain=self.plain) for info in found):
            raise Refused(NOT_ALLOWED)
        return [
            ResolveResult(
                hostname=host,
                host=str(address[0]),
                port=port,
                family=family,
                proto=proto,
                flags=socket.AI_NUMERICHOST,
            )
            for family, _, proto, _, address in found[:_ADDRESSES]
        ]

    async def close(self) -> None:
        """Nothing is held."""

    def socket(self, info: tuple[Any, ...]) -> socket.socket:
        """aiohttp's socket factory: the last look before a dial, and the only one at a numeric host."""
        if not may_dial(str(info[4][0]), plain=self.plain):
            raise Refused(NOT_ALLOWED)
        return SippingSocket(info[0], info[1], info[2])


class _Connector(aiohttp.TCPConnector):
    """Tells the call that asked for a connection which one it got: a closed one would wait for ever to be read to the end."""

    async def connect(
        self, req: aiohttp.ClientRequest, traces: list[Any], timeout: aiohttp.ClientTimeout
    ) -> Connection:
        connection = await super().connect(req, traces, timeout)
        _line.set(connection.transport)
        return connection


_line: ContextVar[asyncio.Transport | None] = ContextVar("line", default=None)


def _hang_up(*, failed: bool) -> None:
    """Let nothing linger of a call that is over, unless its connection is as good as new."""
    line = _line.get()
    if line and (failed or line.is_closing() or line.get_write_buffer_size()):
        line.abort()


# The call ------------------------------------------------------------------------------------------------------------
class Client:
    """Connections kept between calls, within one event loop: `async with Client() as client`."""

    async def __aenter__(self) -> Self:
        self._sessions = {"https": _session(plain=False), "http": _session(plain=True)}
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for session in self._sessions.values():
            await session.close()

    async def post(
        self,
        url: str,
        body: bytes,
        headers: Mapping[str, str],
        *,
        deadline: float = DEADLINE,
        most: int = MAX_EXCERPT,
    ) -> Answer:
        """POST and read at most `most` bytes of a body within `deadline` seconds, name lookup included; failures are Answers too.

        More than 48 KiB are never read: see `lib/sockets.py`.
        """
        start, failed = time.monotonic(), True
        _line.set(None)
        try:
            async with asyncio.timeout(deadline):
                status, excerpt, retry_after = await self._post(parse_url(url), body, headers, most)
                failed = False
        except TimeoutError:
            return _failed(start, f"No complete answer within {deadline:g} seconds.")
        except Invalid as refusal:
            return _failed(start, refusal.message, left=False)
        except aiohttp.ClientConnectorError as failure:
            return _failed(start, reason_of(failure), left=False)
        except (aiohttp.ClientError, OSError, ValueError) as failure:
            return _failed(start, reason_of(failure))
        finally:
            _hang_up(failed=failed)
        return Answer(status, excerpt, _milliseconds(start), None, retry_after)

    async def _post(
        self, url: URL, body: bytes, headers: Mapping[str, str], most: int
    ) -> tuple[int, str, float | None]:
        session = self._sessions[url.scheme]
        data = BytesIO(body) if len(body) > _LARGE else body
        async with session.post(url, data=data, headers=headers, allow_redirects=False) as response:
            read = bytearray()
            while len(read) < most and not response.content.at_eof():
                read += await response.content.read(most - len(read))
            excerpt = read.decode("utf-8", "replace").replace("\0", "\ufffd")
            asked = response.headers.get("Retry-After")
            return response.status, excerpt, _retry_after(asked) if asked else None


def _session(*, plain: bool) -> aiohttp.ClientSession:
    gate = _Gate(plain=plain)
    return aiohttp.ClientSession(
        connector=_Connector(resolver=gate, use_dns_cache=False, socket_factory=gate.socket, limit=0),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
        auto_decompress=False,  # or a few bytes could become gigabytes
        read_bufsize=MAX_EXCERPT,
        skip_auto_headers={"Accept-Encoding", "Accept"},
        trust_env=False,
    )


def _failed(start: float, error: str, *, left: bool = True) -> Answer:
    return Answer(None, "", _milliseconds(start), error, left=left)


def _milliseconds(start: float) -> int:
    return round((time.monotonic() - start) * 1000)


def _retry_after(text: str) -> float | None:
    """Seconds from now, of a number or a date (RFC 9110, 10.2.3): a day at most, None for the past and for nonsense."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        return min(float(text), _MAX_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(text)
        seconds = ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - clock.now()).total_seconds()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return min(seconds, _MAX_RETRY_AFTER) if seconds >= 0 else None
