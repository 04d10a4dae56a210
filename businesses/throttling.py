"""The rate limit of a caller, one decision for all processes: the generic cell rate algorithm, atomic inside Valkey."""

from __future__ import annotations

from dataclasses import dataclass

import redis
import structlog
from django.conf import settings

from invoicing.lib.valkey import Script

log = structlog.get_logger(__name__)

STAMP = "keys:stamp"  # see known_keys.py

# KEYS[1]: the theoretical arrival time; KEYS[2]: the stamp that known keys are compared with; ARGV: rate per second, burst.
# Times are Valkey's own, in microseconds. A server that has lost the stamp makes one that it never had.
_GCRA = Script("""
local now = redis.call('TIME'); now = now[1] * 1000000 + now[2]
local step = 1000000 / tonumber(ARGV[1])
local span = step * tonumber(ARGV[2])
local due = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now)
local allow = due + step - now <= span
if allow then
  due = due + step
  redis.call('SET', KEYS[1], string.format('%.0f', due), 'PX', math.ceil((due - now) / 1000) + 1000)
end
local left = math.floor((span - (due - now)) / step)
local stamp = redis.call('GET', KEYS[2])
if not stamp then
  stamp = string.format('%.0f', now)
  redis.call('SET', KEYS[2], stamp)
end
return {allow and 1 or 0, left, math.ceil((due - now) / 1000000), math.ceil((due + step - span - now) / 1000000), stamp}
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


def take(caller: str) -> Verdict | None:
    """Count one call of a caller; None where there is no limit, or nothing to count with (then calls pass and it is logged)."""
    rate = settings.RATE_LIMIT
    if not rate:
        return None
    try:
        allowed, remaining, reset, retry, stamp = _GCRA(settings.REDIS_URL, (f"rate:{caller}", STAMP), (rate, rate * 2))
    except redis.RedisError as error:
        log.warning("rate_limit_off", error=str(error))
        return None
    return Verdict(allowed == 1, rate, max(remaining, 0), max(reset, 0), max(retry, 1), stamp)
