"""A provider as a way out: one HTTP call for each message, and what its answer means."""

from __future__ import annotations

import asyncio
import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from invoicing.lib import json
from invoicing.lib.http import DEADLINE, Answer, Client
from invoicing.lib.secrets import decrypt
from messaging.connections import connection_of
from messaging.models import Connection, Message
from messaging.placeholders import one_line
from messaging.transports import Delivered, NoAnswer, Refused, ServerAway, TryLater

_MOST = 48 * 1024  # bytes of an answer: Lob names three pictures of every page
_NOT_NOW = frozenset({408, 409, 425})  # 409: it is still at work on the same key
_TOO_MANY = 429
_TOKEN = re.compile(r"[0-9a-f]{64}")  # of a private link, however the rest of it is spelt


@dataclass(frozen=True, slots=True)
class Request:
    """A POST; `path` goes behind the connection's base URL."""

    path: str
    user: str
    password: str
    headers: Mapping[str, str]
    body: bytes
    deadline: float = DEADLINE

    @property
    def pair(self) -> str:
        """User and password as HTTP Basic sends them."""
        return b64encode(f"{self.user}:{self.password}".encode()).decode()


class Provider(Protocol):
    """What a module of a provider knows; `name` is of Connection.Provider."""

    @property
    def name(self) -> Connection.Provider: ...

    def request(self, connection: Connection, credential: str, message: Message) -> Request:
        """The call that sends a message."""

    def receipt(self, body: Mapping[str, Any]) -> Delivered:
        """What an answer that it was taken says."""

    def complaint(self, body: Mapping[str, Any]) -> str:
        """What an answer that it was not taken says, in the provider's words."""


class ProviderTransport:
    """Calls one provider for whatever business, over connections kept between calls."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._runner: asyncio.Runner | None = None
        self._client = Client()

    def deliver(self, message: Message, *, patient: bool, commit: Callable[[], None]) -> Delivered:
        """Hand the message over to the business's own account.

        Raises Refused (not connected any more, and what the provider will never take), TryLater, ServerAway or NoAnswer.
        """
        connection = connection_of(message.business_id, self._provider.name)
        if connection is None:
            raise Refused(f"{self._provider.name.label} is not connected any more.")
        credential = decrypt(connection.credential)
        request = self._provider.request(connection, credential, message)
        commit()
        answer = self._call(f"{connection.base_url}{request.path}", request)
        if answer.status is None:
            raise (NoAnswer if answer.left else ServerAway)(answer.error)
        if 200 <= answer.status < 300:
            return self._provider.receipt(_parsed(answer.excerpt))
        words = self._provider.complaint(_parsed(answer.excerpt)) or answer.excerpt
        raise _refusal(answer.status, _masked(words, credential, request.pair))

    def close(self) -> None:
        """Let go of the connections."""
        if self._runner is not None:
            self._runner.run(self._client.__aexit__(None, None, None))
            self._runner.close()
            self._runner = None

    def _call(self, url: str, request: Request) -> Answer:
        if self._runner is None:
            self._runner = asyncio.Runner()
            self._runner.run(self._client.__aenter__())
        headers = {**request.headers, "Authorization": f"Basic {request.pair}", "Accept": "application/json"}
        call = self._client.post(url, request.body, headers, deadline=request.deadline, most=_MOST)
        return self._runner.run(call)


def _refusal(status: int, words: str) -> Exception:
    text = one_line(f"{status} {words}")[:300]
    if status == _TOO_MANY:
        return ServerAway(text)  # it speaks of the account: the messages after this one would use up their attempts too
    return TryLater(text) if status >= 500 or status in _NOT_NOW else Refused(text)


def _masked(words: str, *secrets: str) -> str:
    """The words without what we sent to be kept secret: some servers repeat a request in what they complain of."""
    for secret in secrets:
        words = words.replace(secret, "…")
    return _TOKEN.sub("…", words)


def _parsed(text: str) -> dict[str, Any]:
    """The answer as an object; {} for anything else."""
    try:
        found = json.decode(text.encode())
    except json.BadJSON:
        return {}
    return found if isinstance(found, dict) else {}
