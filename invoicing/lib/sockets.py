"""A socket that takes little: aiohttp bounds each header of an answer, but neither their sum nor what comes before the answer."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

SIP = 4 * 1024  # bytes at once
MOST = 64 * 1024  # bytes after one request, status line and headers included


class TooMuch(OSError):
    """The other side sends without an end where no body is: headers, or interim answers."""


class SippingSocket(socket.socket):
    """Takes 4 KiB at once; after 64 KiB without a word of ours in between it raises TooMuch."""

    taken = 0

    def send(self, data: Any, flags: int = 0) -> int:
        """As every socket's. A request begins: what comes after it is counted anew."""
        self.taken = 0
        return super().send(data, flags)

    def recv(self, size: int, flags: int = 0) -> bytes:
        """As every socket's."""
        data = super().recv(min(size, SIP), flags)
        self._count(len(data))
        return data

    def recv_into(self, buffer: WriteableBuffer, size: int = 0, flags: int = 0) -> int:
        """As every socket's; what is encrypted comes this way."""
        count = super().recv_into(buffer, min(size or memoryview(buffer).nbytes, SIP), flags)
        self._count(count)
        return count

    def _count(self, count: int) -> None:
        self.taken += count
        if self.taken > MOST:
            raise TooMuch
