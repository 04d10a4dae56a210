"""A way around the database's guards, for tests that plant damage and for the emptying of tables after a test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from invoicing.lib.triggers import drop_guards, make_guards


@contextmanager
def without_guards() -> Iterator[None]:
    """Let the block write what the triggers refuse; they are back after it."""
    _settle()
    drop_guards()
    yield
    _settle()
    make_guards()


def _settle() -> None:
    # PostgreSQL alters no table with deferred checks of foreign keys still to come.
    if connection.vendor == "postgresql":
        connection.check_constraints()
