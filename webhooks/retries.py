"""When a failed delivery is tried again, and when an endpoint has failed too often. Pure."""

from __future__ import annotations

from datetime import timedelta

GIVE_UP_AFTER = 100  # failed attempts in a row, over all events of an endpoint
MAX_JITTER = timedelta(minutes=1)

# The waits between attempts: OnlineInvoiceMaker's (contracts/oim.md 1.5), and those Standard Webhooks advises.
_SCHEDULES = {
    "oim": (
        timedelta(minutes=1),
        timedelta(minutes=5),
        timedelta(minutes=30),
        timedelta(hours=2),
        timedelta(hours=24),
    ),
    "standard": (
        timedelta(seconds=5),
        timedelta(minutes=5),
        timedelta(minutes=30),
        *(timedelta(hours=hours) for hours in (2, 5, 10, 14, 20, 24)),
    ),
}


def delay_after(schedule: str, failures: int, *, endless: bool = False) -> timedelta | None:
    """How long to wait after the nth failed attempt (n ≥ 1); None when it was the last. KeyError for an unknown schedule.

    `endless` (of an endpoint that wants events in order) repeats the longest wait: what cannot be delivered blocks.
    """
    delays = _SCHEDULES[schedule]
    if failures <= len(delays):
        return delays[failures - 1]
    return delays[-1] if endless else None


def with_jitter(delay: timedelta, chance: float, *, retry_after: float | None = None) -> timedelta:
    """The delay, or what the receiver asked for (seconds) where that is longer, and up to a tenth more (at most a minute).

    `chance` is from [0, 1). Never less: a receiver may rely on the schedule it chose.
    """
    asked = max(delay, timedelta(seconds=retry_after or 0))
    more = min(asked / 10, MAX_JITTER) * chance
    return asked + timedelta(milliseconds=more // timedelta(milliseconds=1))
