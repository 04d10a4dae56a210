"""A receiver in a process of its own, too simple to be the limit: one port an endpoint, and the path says how it answers."""

from __future__ import annotations

import asyncio
import contextlib
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import chain

AT_ONCE, AFTER_50_MS, NEVER = "/0", "/50", "/never"
_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
_TOO_LATE = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@contextlib.contextmanager
def sink(ports: int, *, hang_until: int = 0) -> Iterator[list[str]]:
    """Runs one; yields that many addresses, `http://127.0.0.1:…`.

    NEVER hangs until so many calls to other paths were answered; from then on all its calls, waiting or new, get 503.
    """
    command = [sys.executable, "-m", "benchmarks.sink", str(ports), str(hang_until)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - ourselves
        try:
            assert process.stdout  # noqa: S101 - for the reader and mypy
            yield [f"http://127.0.0.1:{port}" for port in process.stdout.readline().split()]
        finally:
            process.terminate()


class Sink:
    """How calls are answered; counts them."""

    def __init__(self, hang_until: int) -> None:
        self.to_go = hang_until
        self.hanging: list[asyncio.Transport] = []

    def answer(self, path: bytes, transport: asyncio.Transport) -> None:
        """Now, later, or once the others are through."""
        if path == NEVER.encode():
            self.hanging.append(transport)
        elif path == AT_ONCE.encode():
            transport.write(_OK)
            self.to_go -= 1
        else:
            asyncio.get_running_loop().call_later(int(path[1:]) / 1000, transport.write, _OK)
            self.to_go -= 1
        if self.to_go <= 0 and self.hanging:
            self.let_go()

    def let_go(self) -> None:
        """Nobody waits any longer."""
        for transport in self.hanging:
            if not transport.is_closing():
                transport.write(_TOO_LATE)
        self.hanging.clear()


class Connection(asyncio.Protocol):
    """Kept alive; takes a POST with Content-Length, and nothing else."""

    def __init__(self, sink: Sink) -> None:
        self.sink, self.received = sink, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The client has dialled."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - for mypy
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer when head and body are complete."""
        self.received += data
        head, end, body = self.received.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if end and length and len(body) >= int(length[1]):
            self.received = b""
            self.sink.answer(head.split(b" ", 2)[1], self.transport)


async def _serve(ports: int, hang_until: int) -> None:
    loop, sink = asyncio.get_running_loop(), Sink(hang_until)
    servers = [await loop.create_server(lambda: Connection(sink), "127.0.0.1", 0, backlog=256) for _ in range(ports)]
    numbers = chain.from_iterable([socket.getsockname()[1] for socket in server.sockets] for server in servers)
    sys.stdout.write(" ".join(str(number) for number in numbers) + "\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(*(int(word) for word in sys.argv[1:])))
