"""Django's PostgreSQL where it costs too much.

Connections that stay open are looked at, not asked: what Django asks by `SELECT 1` before every request, the socket says. And
moments are read by psycopg itself, since every connection is in UTC; Django's own reader is five times slower.
"""

from __future__ import annotations

import select
from datetime import UTC
from typing import Any

import psycopg
from django.db.backends.postgresql import base

_MOMENT = psycopg.postgres.types["timestamptz"].oid
_READER = psycopg.adapters.get_loader(_MOMENT, psycopg.pq.Format.TEXT)


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's own but for this."""

    connection: Any

    def create_cursor(self, name: str | None = None) -> Any:
        cursor = super().create_cursor(name)
        if self.timezone == UTC and _READER is not None:
            cursor.adapters.register_loader(_MOMENT, _READER)
        return cursor

    def is_usable(self) -> bool:
        """Whether the server is still there. One that has ended or hung up has closed the socket, which can then be read;
        only where there is something to read is it asked.
        """
        if self.connection is None:
            return False
        poll = select.poll()
        poll.register(self.connection.fileno(), select.POLLIN)
        return not poll.poll(0) or super().is_usable()
