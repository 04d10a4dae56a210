"""A small script inside Valkey, called over the thread's own connection.

The pool, the retries and the telemetry of redis-py's client cost six times what such a call costs; its connections, which
speak the protocol, TLS and passwords, are used as they are.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from typing import Any

import redis
from redis.exceptions import NoScriptError

_SECONDS = 0.5  # that a call may take before nobody is there
_own = threading.local()


class Script:
    """Lua that the server runs as one step."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.digest = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()

    def __call__(self, url: str, keys: Sequence[str], arguments: Sequence[int]) -> Any:
        """Its answer; redis.RedisError where the server does not give one.

        Where a connection that was kept has broken, as when the server was started anew, another is tried.
        """
        words = (str(len(keys)), *keys, *map(str, arguments))
        connection = _connection(url)
        kept = connection._sock is not None
        try:
            return self._call(connection, words)
        except redis.ConnectionError:
            if not kept:
                raise
            return self._call(connection, words)

    def _call(self, connection: Any, words: Sequence[str]) -> Any:
        try:
            connection.send_packed_command([_packed("EVALSHA", self.digest, *words)])
            return connection.read_response()
        except NoScriptError:
            connection.send_packed_command([_packed("EVAL", self.text, *words)])
            return connection.read_response()
        except BaseException:
            connection.disconnect()  # else the next call would read this one's answer
            raise


def _packed(*words: str) -> bytes:
    """A command as the protocol has it."""
    parts = [word.encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join([b"$%d\r\n%s\r\n" % (len(part), part) for part in parts])


def _connection(url: str) -> Any:
    """The thread's connection to this server, made at its first command."""
    if getattr(_own, "url", None) != url:
        pool = redis.ConnectionPool.from_url(url, socket_timeout=_SECONDS, socket_connect_timeout=_SECONDS)
        _own.url, _own.connection = url, pool.make_connection()
    return _own.connection
