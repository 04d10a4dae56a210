"""Receivers that mean harm, on raw sockets: each is a function of one connection, and what has to be on record after it."""

from __future__ import annotations

import contextlib
import gzip
import itertools
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

Behaviour = Callable[[socket.socket], None]
OK = b"HTTP/1.1 200 OK\r\n"
_BLOCK = b"x" * 65536
_ZEROS = gzip.compress(bytes(10_000_000)) + gzip.compress(bytes(10_000_000)) * 20

LATE = "No complete answer within 10 seconds."
CLOSED = "The connection was closed before an answer."
BROKEN_OFF = "The answer broke off."
NOT_HTTP = "The answer is not HTTP as it should be."
ENDLESS = "The headers of the answer have no end."
REFUSED = "The connection was refused or not possible."
NO_TLS = "The TLS handshake failed."
INSIDE = "This host's address is not on the public internet."


class Receiver:
    """Listens on this machine, and treats every caller as `behave` says; `calls` counts them, `left` those that went."""

    def __init__(self, behave: Behaviour, *, tls: ssl.SSLContext | None = None) -> None:
        self.behave, self.tls, self.calls, self.left = behave, tls, 0, 0
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self.listener.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                self.calls += 1
                threading.Thread(target=self._treat, args=[connection], daemon=True).start()

    def _treat(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
            self.behave(connection)
            wait_for_the_end(connection)
        self.left += 1

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def wait_for_the_end(connection: socket.socket) -> None:
    """Until the other side hangs up."""
    while connection.recv(65536):
        pass


def read_request(connection: socket.socket) -> None:
    """Head and body of one request."""
    request = b""
    while b"\r\n\r\n" not in request:
        request += connection.recv(65536) or b"\r\n\r\n"
    head, _, body = request.partition(b"\r\n\r\n")
    length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    while len(body) < length:
        body += connection.recv(65536) or bytes(length)


def answers(*parts: bytes, again: bytes = b"", every: float = 0.0) -> Behaviour:
    """Read the request and send these parts, then `again` for ever, every so many seconds."""

    def behave(connection: socket.socket) -> None:
        read_request(connection)
        for part in _then(parts, again):
            connection.sendall(part)
            if every:
                time.sleep(every)

    return behave


def _then(parts: Iterable[bytes], again: bytes) -> Iterator[bytes]:
    return itertools.chain(parts, itertools.repeat(again) if again else ())


def before_the_request(data: bytes) -> Behaviour:
    """Send this at once, whatever is said."""
    return lambda connection: connection.sendall(data)


def closes(*parts: bytes, reset: bool = False) -> Behaviour:
    """Read the request, send these parts and hang up, with a reset where one is asked for."""

    def behave(connection: socket.socket) -> None:
        read_request(connection)
        for part in parts:
            connection.sendall(part)
        hang_up(connection, reset=reset)

    return behave


def hang_up(connection: socket.socket, *, reset: bool) -> None:
    if reset:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def silent(_: socket.socket) -> None:
    """Take the connection and say nothing."""


@dataclass(frozen=True)
class Case:
    """One receiver: how it behaves, over which scheme, and the status and error of an attempt (both None: any sentence)."""

    name: str
    behave: Behaviour
    status: int | None = None
    error: str | None = None
    scheme: str = "http"


_CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
_SWITCHED = "The endpoint answered 101."
_REDIRECT = "The endpoint answered 307; redirects are not followed."

CASES = [
    Case("endless body", answers(OK + b"\r\n", again=_BLOCK), 200),
    Case("endless body in chunks", answers(_CHUNKED, again=b"10000\r\n" + _BLOCK + b"\r\n"), 200),
    Case("endless body in chunks of one byte", answers(_CHUNKED, again=b"1\r\nx\r\n" * 5000), None, BROKEN_OFF),
    Case("endless chunk extension", answers(_CHUNKED + b"1;", again=_BLOCK), None, BROKEN_OFF),
    Case("endless trailers", answers(_CHUNKED + b"0\r\n", again=b"X-A: b\r\n" * 5000)),
    Case("endless header", answers(OK + b"X-A: ", again=_BLOCK), None, NOT_HTTP),
    Case("endless headers", answers(OK, again=b"X-A: b\r\n" * 5000), None, NOT_HTTP),
    Case("endless status line", answers(b"HTTP/1.1 200 ", again=_BLOCK), None, NOT_HTTP),
    Case("endless empty lines", answers(b"", again=b"\r\n" * 5000), None, ENDLESS),
    Case("interim answers for ever", answers(again=b"HTTP/1.1 100 Continue\r\n\r\n" * 3000), None, ENDLESS),
    Case("early hints for ever", answers(again=b"HTTP/1.1 103 Early\r\nLink: a\r\n\r\n" * 3000), None, ENDLESS),
    Case("an interim answer a second", answers(again=b"HTTP/1.1 100 Continue\r\n\r\n", every=1), None, LATE),
    Case("a byte of the body a second", answers(OK + b"\r\n", again=b"x", every=1), None, LATE),
    Case("a byte of a header a second", answers(OK + b"X-A: ", again=b"x", every=1), None, LATE),
    Case("never answers", silent, None, LATE),
    Case(
        "switches protocols",
        answers(b"HTTP/1.1 101 S\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", again=_BLOCK),
        101,
        _SWITCHED,
    ),
    Case("gzip bomb", answers(OK + b"Content-Encoding: gzip\r\n\r\n", _ZEROS), 200),
    Case("reset when called", lambda connection: hang_up(connection, reset=True)),
    Case("closes when called", lambda connection: hang_up(connection, reset=False), None, CLOSED),
    Case("closes after the request", closes(), None, CLOSED),
    Case("reset in the body", closes(OK + b"Content-Length: 9\r\n\r\nx", reset=True), None, BROKEN_OFF),
    Case("reset in the headers", closes(OK + b"X-A", reset=True), None, CLOSED),
    Case("body shorter than promised", closes(OK + b"Content-Length: 9\r\n\r\nx"), None, BROKEN_OFF),
    Case("body longer than promised", answers(OK + b"Content-Length: 1\r\n\r\n" + _BLOCK), None, NOT_HTTP),
    Case("no length", answers(OK + b"Content-Length: -1\r\n\r\n"), None, NOT_HTTP),
    Case("two lengths", answers(OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx"), None, NOT_HTTP),
    Case("huge length", answers(OK + b"Content-Length: 99999999999999999999999\r\n\r\n"), None, NOT_HTTP),
    Case("huge chunk", answers(_CHUNKED + b"7fffffffffffffff\r\n", again=_BLOCK), 200),
    Case("chunk beyond all sizes", answers(_CHUNKED + b"f" * 30 + b"\r\nx")),
    Case("204 with a body", answers(b"HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n" + _BLOCK), None, NOT_HTTP),
    Case("two answers", answers((OK + b"Content-Length: 0\r\n\r\n") * 2), 200),
    Case("redirect inside", closes(b"HTTP/1.1 307 T\r\nLocation: http://169.254.169.254/\r\n\r\n"), 307, _REDIRECT),
    Case("redirect to itself", closes(b"HTTP/1.1 307 T\r\nLocation: /hook\r\n\r\n"), 307, _REDIRECT),
    Case("HTTP/0.9", closes(b"hello, world\r\n"), None, NOT_HTTP),
    Case("HTTP/2", answers(b"\0\0\x12\4\0\0\0\0\0" + bytes(18)), None, NOT_HTTP),
    Case("no status", answers(b"HTTP/1.1 0 OK\r\nContent-Length: 0\r\n\r\n"), None, NOT_HTTP),
    Case("status beyond all numbers", answers(b"HTTP/1.1 99999 OK\r\nContent-Length: 0\r\n\r\n"), None, NOT_HTTP),
    Case("NUL in a header", answers(OK + b"X-A: a\0b\r\nContent-Length: 0\r\n\r\n"), None, NOT_HTTP),
    Case("answers before it is asked", before_the_request(OK + b"Content-Length: 0\r\n\r\n"), 200),
    Case("no TLS", before_the_request(b"HTTP/1.1 400 Bad Request\r\n\r\n"), None, NO_TLS, "https"),
    Case("endless TLS record", before_the_request(b"\x16\x03\x03\xff\xff" + _BLOCK), None, NO_TLS, "https"),
    Case("TLS that never answers", silent, None, LATE, "https"),
]


@contextlib.contextmanager
def full_listener() -> Iterator[int]:
    """A port whose queue of callers is full: nobody accepts, the next call gets no answer at all."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            caller = stack.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(listener.getsockname())
        time.sleep(0.1)
        yield listener.getsockname()[1]


def name_server(table: dict[str, list[str] | Callable[[], list[str]]]) -> Callable[..., Any]:
    """In the place of the system's: these names have these addresses, what others have is asked of the system."""
    system = socket.getaddrinfo

    def getaddrinfo(host: str, port: int, *args: Any, **kwargs: Any) -> Any:
        found = table.get(host)
        if found is None:
            return system(host, port, *args, **kwargs)
        addresses = found() if callable(found) else found
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    return getaddrinfo
