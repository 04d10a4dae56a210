"""Why a call over HTTP failed, in one sentence that anybody may read."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

import aiohttp

from invoicing.lib.sockets import TooMuch

NOT_ALLOWED = "This host's address is not on the public internet."


class Refused(OSError):
    """The address may not be dialled."""


_Sentences = tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...]
_SEEN: _Sentences = (  # in this order: some are kinds of others
    ((aiohttp.ClientConnectorError, ConnectionRefusedError), "The connection was refused or not possible."),
    (
        (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError, ConnectionError),
        "The connection was closed before an answer.",
    ),
    (aiohttp.ClientPayloadError, "The answer broke off."),
    (aiohttp.ClientResponseError, "The answer is not HTTP as it should be."),
)
_BEHIND: _Sentences = (
    (Refused, NOT_ALLOWED),
    (ssl.SSLError, "The TLS handshake failed."),
    (socket.gaierror, "The host does not resolve."),
    (TooMuch, "The headers of the answer have no end."),
)


def reason_of(failure: Exception) -> str:
    """One sentence for the owner of the endpoint; it names no address, which would let a stranger map the inside."""
    for cause in _causes(failure):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"The certificate is not valid: {cause.verify_message}."[:255]
        if told := _told(cause, _BEHIND):
            return told
    return _told(failure, _SEEN) or f"The answer could not be read ({type(failure).__name__})."


def _told(failure: BaseException, sentences: _Sentences) -> str | None:
    return next((sentence for kinds, sentence in sentences if isinstance(failure, kinds)), None)


def _causes(failure: BaseException | None) -> Iterator[BaseException]:
    """What lies behind the client library's own errors."""
    while failure is not None:
        if not isinstance(failure, aiohttp.ClientError):
            yield failure
        failure = getattr(failure, "os_error", None) or failure.__cause__
