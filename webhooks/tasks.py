"""Jobs of this app: fetch and call. Each is a sweep over rows, harmless when repeated."""

from __future__ import annotations

import structlog
from celery import shared_task

from invoicing.lib.wake import wake
from webhooks import feed, retention
from webhooks.dispatch import drain
from webhooks.services.replays import go_on, unfinished_replays

log = structlog.get_logger(__name__)


@shared_task(name="webhooks.tasks.dispatch")
def dispatch() -> None:
    """Send what is due; woken by every event and, should that be lost, every few seconds."""
    drain()


@shared_task
def replay(pk: int) -> None:
    """Do what is left of one replay."""
    go_on(pk)


@shared_task
def replay_all() -> None:
    """Every replay that was left undone."""
    for pk in unfinished_replays().values_list("pk", flat=True):
        wake("webhooks.tasks.replay", pk)


@shared_task
def give_positions() -> None:
    """A place in the catch-up feed for every event that has none."""
    for business in feed.waiting_businesses():
        try:
            feed.give_positions(business)
        except Exception:  # one business's trouble is not the others'
            log.exception("job_failed", job="give_positions", business=str(business.uuid))


@shared_task
def forget_old_events() -> None:
    """Events that are old and owed to nobody."""
    retention.forget_old_events()
