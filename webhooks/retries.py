"""When a failed delivery is tried again, and when an endpoint has failed too often. Pure."""

from __future__ import annotations

from datetime import timedelta

GIVE_UP_AFTER = 100  # failed attempts in a row, over all events of an endpoint

_SCHEDULES = {
    "oim": (
        timedelta(minutes=1),
        timedelta(minutes=5),
        timedelta(minutes=30),
        timedelta(hours=2),
        timedelta(hours=24),
    ),
}


def delay_after(schedule: str, failures: int) -> timedelta | None:
    """How long to wait after the nth failed attempt (n ≥ 1); None when it was the last. KeyError for an unknown schedule."""
    delays = _SCHEDULES[schedule]
    return delays[failures - 1] if failures <= len(delays) else None
