"""Receivers that mean harm: every call of the real sender ends in time, takes little memory, and leaves a sentence."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import psutil
import pytest
from aiohttp import connector

from invoicing.lib.http import DEADLINE, MAX_EXCERPT, Answer, Client
from invoicing.lib.secrets import encrypt
from webhooks.dispatch import drain
from webhooks.models import Attempt, Endpoint
from webhooks.tests.hostile import (
    CASES,
    ENDLESS,
    INSIDE,
    LATE,
    OK,
    REFUSED,
    Behaviour,
    Receiver,
    answers,
    full_listener,
    name_server,
    silent,
)
from webhooks.tests.test_outgoing import self_signed

END = DEADLINE + 0.5
FEW = 16 * 1024 * 1024  # bytes of memory


@pytest.fixture
def receive(settings: Any) -> Iterator[Callable[..., Receiver]]:
    """Start a receiver that may be called."""
    settings.OUTGOING_ALLOW_NETS = ["127.0.0.0/8"]
    with contextlib.ExitStack() as stack:

        def receive(behave: Behaviour, **kwargs: Any) -> Receiver:
            receiver = Receiver(behave, **kwargs)
            stack.callback(receiver.close)
            return receiver

        yield receive


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A name server that says strange things, or nothing."""
    over = threading.Event()
    table: Any = {
        "two-faced.example": ["127.0.0.1", "10.0.0.1"],
        "many.example": [f"127.1.{number >> 8}.{number & 255}" for number in range(300)],
        "slow.example": lambda: [str(over.wait(20))],
    }
    monkeypatch.setattr(socket, "getaddrinfo", name_server(table))
    yield
    over.set()


NAMES = {"two-faced.example": INSIDE, "many.example": REFUSED, "slow.example": LATE}


@pytest.mark.django_db
def test_every_attempt_ends_and_is_on_record(alice: Any, tell: Any, receive: Any, hanging: None) -> None:
    urls = {case.name: f"{case.scheme}://127.0.0.1:{receive(case.behave).port}/hook" for case in CASES}
    urls |= {name: f"http://{name}:{receive(silent).port}/hook" for name in NAMES}
    with full_listener() as full:
        urls["full"] = f"http://127.0.0.1:{full}/hook"
        _subscribe(alice, urls)
        tell()
        start = time.monotonic()
        with Memory() as memory:
            assert drain() == len(urls) >= 40
        assert time.monotonic() - start < END + 3  # all at once: the slow don't wait for each other
    assert memory.grown < FEW
    told = {case.name: (case.status, case.error) for case in CASES}
    told |= {"full": (None, LATE), **{name: (None, error) for name, error in NAMES.items()}}
    _check(told)


def _subscribe(business: Any, urls: dict[str, str]) -> None:
    secret = encrypt("ab" * 32)
    for name, url in urls.items():
        Endpoint.objects.create(business=business, url=url, events=["*"], description=name, secret=secret)


def _check(told: dict[str, tuple[int | None, str | None]]) -> None:
    attempts = {attempt.delivery.endpoint.description: attempt for attempt in Attempt.objects.all()}
    assert {name: (one.status_code, one.error) for name, one in attempts.items() if any(told[name])} == {
        name: expected for name, expected in told.items() if any(expected)
    }
    for name, attempt in attempts.items():
        assert attempt.duration_ms is not None, name
        assert attempt.duration_ms <= END * 1000, name
        assert attempt.succeeded or (attempt.error or "").endswith("."), name
        assert len(attempt.response) <= MAX_EXCERPT, name


class Memory:
    """How far this process grows inside the block, receivers included: `grown`, in bytes, at its highest."""

    def __enter__(self) -> Memory:
        self.over = threading.Event()
        self.process = psutil.Process()
        self.before, self.grown = self.process.memory_info().rss, 0
        self.watcher = threading.Thread(target=self._watch)
        self.watcher.start()
        return self

    def _watch(self) -> None:
        while not self.over.wait(0.02):
            self.grown = max(self.grown, self.process.memory_info().rss - self.before)

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.watcher.join()


# Connections between calls -------------------------------------------------------------------------------------------
def calls(receiver: Receiver, count: int, *, scheme: str = "http", body: bytes = b"{}") -> list[Answer]:
    """One after the other by one client, which stays open for a moment more: so what hangs up is not its end."""

    async def run() -> list[Answer]:
        async with Client() as client:
            url = f"{scheme}://localhost:{receiver.port}/"
            found = [await client.post(url, body, {}, deadline=1) for _ in range(count)]
            for _ in range(100):
                await asyncio.sleep(0.01 if receiver.left < receiver.calls else 0)
            return found

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("behave", "status"),
    [
        (silent, None),
        (answers(OK + b"X-A: "), None),
        (answers(OK + b"Content-Length: 9\r\n\r\nx"), None),
        (answers(OK + b"\r\n", again=b"x" * 65536), 200),
        (answers(OK + b"Content-Length: 0\r\n\r\nHTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"), 200),
    ],
)
def test_a_connection_that_hung_is_closed_and_not_used_again(
    receive: Any, behave: Behaviour, status: int | None
) -> None:
    receiver = receive(behave)
    assert [answer.status for answer in calls(receiver, 2)] == [status, status]
    assert (receiver.calls, receiver.left) == (2, 2)


def test_an_unfinished_handshake_is_closed(receive: Any) -> None:
    receiver = receive(silent)
    assert calls(receiver, 1, scheme="https")[0].error == "No complete answer within 1 seconds."
    assert (receiver.calls, receiver.left) == (1, 1)


def test_a_good_connection_is_used_again(receive: Any) -> None:
    def behave(connection: socket.socket) -> None:
        for _ in range(40):
            answers(OK + b"Content-Length: 16000\r\n\r\n" + b"x" * 10000, b"y" * 6000)(connection)

    receiver = receive(behave)
    assert [answer.excerpt for answer in calls(receiver, 40)] == ["x" * 10000 + "y" * 6000] * 40
    assert receiver.calls == 1


@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")
@pytest.mark.parametrize("said", [b"", OK + b"Content-Length: 0\r\n\r\n", OK + b"\r\n" + b"x" * 20_000])
def test_nothing_lingers_where_nobody_reads(receive: Any, said: bytes) -> None:
    """The rest of a request that cannot go out must not keep its connection open."""
    over = threading.Event()

    def behave(connection: socket.socket) -> None:
        connection.sendall(said)
        over.wait(10)

    receiver = receive(behave)
    (answer,) = calls(receiver, 1, body=bytes(10_000_000))  # more than the system takes off our hands
    assert answer.status == (200 if said else None)
    assert receiver.port not in [other.raddr.port for other in psutil.Process().net_connections() if other.raddr]
    over.set()


# The same behind a certificate that is trusted -----------------------------------------------------------------------
@pytest.fixture(scope="session")  # once in a process: two of one name would be taken for each other
def trusted(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """What a server needs to be `localhost`; trusted from here on, by this process alone."""
    path = self_signed(
        tmp_path_factory.mktemp("trusted") / "pair.pem", common_name="Trusted by a test", host="localhost"
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    connector._SSL_CONTEXT_VERIFIED.load_verify_locations(path)
    return context


@pytest.mark.parametrize(
    ("behave", "status", "error"),
    [
        (answers(OK + b"Content-Length: 40000\r\n\r\n" + b"x" * 40000), 200, None),
        (answers(OK + b"\r\n", again=b"x" * 65536), 200, None),
        (answers(again=b"HTTP/1.1 100 Continue\r\n\r\n" * 3000), None, ENDLESS),
        (answers(OK + b"X-A: ", again=b"x" * 1000), None, "The answer is not HTTP as it should be."),
        (answers(OK + b"X-A: "), None, "No complete answer within 1 seconds."),
        (silent, None, "No complete answer within 1 seconds."),
    ],
)
def test_behind_tls(
    receive: Any, trusted: ssl.SSLContext, behave: Behaviour, status: int | None, error: str | None
) -> None:
    receiver = receive(behave, tls=trusted)
    (answer,) = calls(receiver, 1, scheme="https")
    assert (answer.status, answer.error) == (status, error)
    assert answer.excerpt == ("x" * MAX_EXCERPT if status else "")
    assert (receiver.calls, receiver.left) == (1, 1)
