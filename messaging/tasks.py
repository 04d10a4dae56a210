"""Jobs of this app; both only look for rows, and are harmless when repeated."""

from __future__ import annotations

from celery import shared_task

from messaging import sending


@shared_task
def send_message(pk: int) -> None:
    """Send one message that was just queued."""
    sending.send_one(pk)


@shared_task
def send_due_messages() -> None:
    """Send every message that is due."""
    sending.send_due()
