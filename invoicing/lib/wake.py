"""Wake a worker after commit: work is found in rows, so a lost message only delays it until the next sweep."""

from __future__ import annotations

from functools import partial
from typing import Any

import structlog
from celery import current_app
from django.db import transaction

log = structlog.get_logger(__name__)


def wake(task: str, *args: object) -> None:
    """Send the Celery task named `task` once the current transaction has committed; a broker that is away is only logged."""
    transaction.on_commit(partial(send_now, task, *args))


def to_come() -> list[Any]:
    """What has been asked to run on commit, and will, whatever becomes of the savepoints that we are in."""
    connection = transaction.get_connection()
    open_ = set(connection.savepoint_ids)
    return [call for savepoints, call, _ in connection.run_on_commit if savepoints <= open_]


def send_now(task: str, *args: object) -> None:
    """As `wake`, for work whose rows are committed already."""
    try:
        current_app.send_task(task, args=args, retry=False)
    except Exception as error:  # the row is committed; the sweep will find it
        log.warning("broker_away", task=task, error=str(error))
