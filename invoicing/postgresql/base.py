"""Connections that stay open are looked at, not asked: what Django asks by `SELECT 1` before every request, the socket says."""

from __future__ import annotations

import select
from typing import Any

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's own but for `is_usable`."""

    connection: Any

    def is_usable(self) -> bool:
        """Whether the server is still there. One that has ended or hung up has closed the socket, which can then be read;
        only where there is something to read is it asked.
        """
        if self.connection is None:
            return False
        poll = select.poll()
        poll.register(self.connection.fileno(), select.POLLIN)
        return not poll.poll(0) or super().is_usable()
