"""The rate limit of a caller, one decision for all processes: the generic cell rate algorithm, atomic inside Valkey.

A process of a busy caller asks for several calls at once and gives them out by itself for a tenth of a second, since asking
costs more than most of what is asked for. They are counted when they are asked for: no limit is ever passed.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import redis
import structlog
from django.conf import settings

from invoicing.lib.valkey import Script

log = structlog.get_logger(__name__)

STAMP = "keys:stamp"  # see known_keys.py
LEASE = 0.1  # seconds for which calls that were asked for together may be given out, and their stamp be believed
_TOGETHER = 64  # at most; and at most an eighth of what the caller has left
_MOST = 10_000  # callers of a process whose leases are kept

# KEYS[1]: the theoretical arrival time; KEYS[2]: the stamp that known keys are compared with; ARGV: rate per second, burst,
# calls asked for. Times are Valkey's own, in microseconds. A server that has lost the stamp makes one that it never had.
_GCRA = Script("""
local now = redis.call('TIME'); now = now[1] * 1000000 + now[2]
local step = 1000000 / tonumber(ARGV[1])
local span = step * tonumber(ARGV[2])
local due = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now)
local left = math.floor((span - (due - now)) / step)
local calls = 0
if left > 0 then
  calls = math.max(1, math.min(tonumber(ARGV[3]), math.floor(left / 8)))
  due = due + calls * step
  redis.call('SET', KEYS[1], string.format('%.0f', due), 'PX', math.ceil((due - now) / 1000) + 1000)
end
local stamp = redis.call('GET', KEYS[2])
if not stamp then
  stamp = string.format('%.0f', now)
  redis.call('SET', KEYS[2], stamp)
end
local reset, wait = math.ceil((due - now) / 1000000), math.ceil((due + step - span - now) / 1000000)
return string.format('%d %d %d %d %s', calls, left - calls, reset, wait, stamp)
""")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a call may pass; `remaining` calls are left now, all of them again after `reset` seconds.

    `stamp` is what known keys were read under, if they are still true.
    """

    allowed: bool
    limit: int
    remaining: int
    reset: int
    retry_after: int
    stamp: bytes

    def headers(self) -> dict[str, str]:
        """The RateLimit headers of every answer."""
        names = {"RateLimit-Limit": self.limit, "RateLimit-Remaining": self.remaining, "RateLimit-Reset": self.reset}
        return {name: str(value) for name, value in names.items()}


@dataclass(frozen=True, slots=True)
class _Lease:
    """Calls that were asked for and not made yet, and until when they may be; `verdict` is the last one's."""

    verdict: Verdict
    size: int
    calls: list[int]  # how many will be left after each: whoever takes one off has it, in whatever thread
    until: float

    def next_size(self) -> int:
        """How many to ask for after it: twice as many where they were too few, else as many as were made."""
        made = self.size - len(self.calls)
        return max(1, min(2 * made if made == self.size else made, _TOGETHER))


_leases: dict[tuple[str, str], _Lease] = {}


def take(caller: str) -> Verdict | None:
    """Count one call of a caller; None where there is no limit, or nothing to count with (then calls pass and it is logged)."""
    rate = settings.RATE_LIMIT
    if not rate:
        return None
    key = settings.REDIS_URL, caller
    lease = _leases.get(key)
    now = time.monotonic()
    if lease is not None and now < lease.until:
        try:
            return replace(lease.verdict, remaining=lease.calls.pop())
        except IndexError:
            pass
    try:
        return _ask(key, rate, lease.next_size() if lease else 1, now)
    except redis.RedisError as error:
        log.warning("rate_limit_off", error=str(error))
        return None


def _ask(key: tuple[str, str], rate: int, wanted: int, now: float) -> Verdict:
    url, caller = key
    said: bytes = _GCRA(url, (f"rate:{caller}", STAMP), (rate, rate * 2, wanted))
    calls, remaining, reset, wait, stamp = said.split(b" ", 4)
    size, left = int(calls), max(int(remaining), 0)
    verdict = Verdict(size > 0, rate, left, max(int(reset), 0), max(int(wait), 1), stamp)
    if size:
        if len(_leases) >= _MOST:
            _leases.clear()
        _leases[key] = _Lease(verdict, size, list(range(left, left + size - 1)), now + LEASE)
    return replace(verdict, remaining=left + size - 1) if size else verdict


def stamp_anew(stamp: str) -> None:
    """Have no process believe what it knows of any key: true when this returns. redis.RedisError where it cannot be said."""
    with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2) as client:
        client.set(STAMP, stamp)
    time.sleep(LEASE)  # until the last lease that was given with the stamp before has ended
