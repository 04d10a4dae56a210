"""Clients with connections that stay: many requests, each sent when the answer to the one before is there."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
Client = TypeVar("Client")


class Connection:
    """One, with nothing between us and the socket."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def exchange(self, request: bytes) -> tuple[int, bytes]:
        """The status and body of the answer; OSError where there is none."""
        self.socket.sendall(request)
        received = b""
        while (end := received.find(b"\r\n\r\n")) < 0:
            received += self._receive()
        length = _LENGTH.search(received, 0, end + 2)
        whole = end + 4 + (int(length[1]) if length else 0)
        while len(received) < whole:
            received += self._receive()
        return int(received[9:12]), received[end + 4 :]

    def _receive(self) -> bytes:
        data = self.socket.recv(262_144)
        if not data:
            raise ConnectionError("The server has hung up.")
        return data

    def close(self) -> None:
        """Hang up."""
        self.socket.close()


def together(clients: Sequence[Client], count: int, work: Callable[[Client], object]) -> None:
    """`count` works by so many clients at once, each with as many of them."""

    def run(client: Client) -> None:
        for _ in range(count // len(clients)):
            work(client)

    with ThreadPoolExecutor(len(clients)) as pool:
        for done in [pool.submit(run, client) for client in clients]:
            done.result()


def demand(connection: Connection, request: bytes, status: int) -> None:
    """One request; SystemExit where its answer has another status."""
    found, content = connection.exchange(request)
    if found != status:
        raise SystemExit(f"{found}: {content[:500].decode()}")
