"""What is said to and of dispatchers through the broker: one bell that wakes them, and their sign of life for /readyz.

Both may be lost at any time: the scheduler's sweep wakes them every few seconds anyway.
"""

from __future__ import annotations

from functools import lru_cache

import redis
import structlog
from django.conf import settings
from django.db import transaction

from invoicing.lib.wake import send_now, to_come

_ALIVE, _BELL = "dispatcher:alive", "dispatcher:bell"
_TASK = "webhooks.tasks.dispatch"
_SECONDS = 60
_RINGS = 5  # seconds after which a bell that nobody heard is rung again
log = structlog.get_logger(__name__)


@lru_cache(maxsize=1)
def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)


def wake_dispatcher() -> None:
    """Have deliveries looked for once the current transaction has committed; many at once ring the bell once."""
    if _ring not in to_come():
        transaction.on_commit(_ring)


def _ring() -> None:
    try:
        first = _client(settings.REDIS_URL).set(_BELL, "1", nx=True, ex=_RINGS)
    except redis.RedisError as error:  # the rows are committed; the sweep will find them
        log.warning("broker_away", task=_TASK, error=str(error))
        return
    if first:
        send_now(_TASK)


def beat() -> None:
    """Say that a dispatcher is running, and take the bell down: whoever commits from now on rings anew.

    Before it looks for work, not after: else what commits between would be heard by nobody. A broker that is away is no
    reason to stop dispatching.
    """
    try:
        _client(settings.REDIS_URL).set(_ALIVE, "1", ex=_SECONDS)
        _client(settings.REDIS_URL).delete(_BELL)
    except redis.RedisError:
        return


def dispatcher_is_alive() -> bool:
    """Whether a dispatcher has run within the last minute."""
    try:
        return bool(_client(settings.REDIS_URL).exists(_ALIVE))
    except redis.RedisError:
        return False
