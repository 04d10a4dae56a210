"""The one place that says what time it is; tests and the demo move it with `at`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import connection

_moved: ContextVar[datetime | None] = ContextVar("moved_clock", default=None)


def now() -> datetime:
    """The current moment in UTC, cut to milliseconds, which is what the API shows and compares."""
    return _cut(_moved.get() or datetime.now(UTC))


def _cut(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def of_database() -> datetime:
    """The current moment on the database server's clock, the one that all machines share; SQLite's is this machine's."""
    if _moved.get() or connection.vendor != "postgresql":
        return now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        (moment,) = cursor.fetchone()
    return _cut(moment.astimezone(UTC))


def today(time_zone: str) -> date:
    """The calendar day in an IANA time zone."""
    return now().astimezone(ZoneInfo(time_zone)).date()


def midnight(day: date, time_zone: str) -> datetime:
    """The moment at which a calendar day begins in an IANA time zone, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(time_zone)).astimezone(UTC)


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Let `now` answer `moment` (aware) inside the block, in this thread or task only."""
    token = _moved.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _moved.reset(token)


def iso(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds and Z, the form of every time in the API."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"  # +00:00


def later(**interval: float) -> datetime:
    """`now` plus a timedelta given by its keyword arguments."""
    return now() + timedelta(**interval)
