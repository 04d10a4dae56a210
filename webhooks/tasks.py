"""Jobs of this app."""

from __future__ import annotations

from celery import shared_task

from webhooks.dispatch import drain


@shared_task(name="webhooks.tasks.dispatch")
def dispatch() -> None:
    """Send what is due; woken by every event and, should that be lost, every few seconds."""
    drain()
