"""Whether this process is up, whether the whole is ready, and Prometheus's numbers."""

from __future__ import annotations

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from invoicing.metrics import FIGURES
from invoicing.middleware import client_ip
from webhooks.heartbeat import dispatcher_is_alive


def healthz(request: HttpRequest) -> HttpResponse:
    """200 when the web process answers."""
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> HttpResponse:
    """200 when database, migrations, broker and dispatcher are; else 503 and which is not."""
    checks = {"database": _database(), "migrations": False, "broker": _broker(), "dispatcher": False}
    if checks["database"]:
        checks["migrations"] = _migrations()
    if checks["migrations"]:
        checks["dispatcher"] = dispatcher_is_alive()
    ready = all(checks.values())
    answer = JsonResponse({"status": "ready" if ready else "not ready", **checks}, status=200 if ready else 503)
    answer._has_been_logged = True  # type: ignore[attr-defined]  # not being ready yet is an answer, not an error
    return answer


def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus's numbers, for callers on this machine only: a proxy must not pass this path on."""
    if client_ip(request) not in {"127.0.0.1", "::1"} or "X-Forwarded-For" in request.headers:
        raise Http404
    return HttpResponse(generate_latest(FIGURES), content_type=CONTENT_TYPE_LATEST)


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _migrations() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def _broker() -> bool:
    try:
        return bool(redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2).ping())
    except redis.RedisError:
        return False
