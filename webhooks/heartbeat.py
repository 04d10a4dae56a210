"""The dispatcher's sign of life, which /readyz looks for."""

from __future__ import annotations

import redis
from django.conf import settings

_KEY = "dispatcher:alive"
_SECONDS = 60


def _client() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)


def beat() -> None:
    """Say that a dispatcher is running; a broker that is away is no reason to stop dispatching."""
    try:
        _client().set(_KEY, "1", ex=_SECONDS)
    except redis.RedisError:
        return


def dispatcher_is_alive() -> bool:
    """Whether a dispatcher has run within the last minute."""
    try:
        return bool(_client().exists(_KEY))
    except redis.RedisError:
        return False
