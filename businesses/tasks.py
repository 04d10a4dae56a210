"""Jobs of this app."""

from __future__ import annotations

from celery import shared_task

from businesses.idempotency import forget_old_keys


@shared_task
def forget_idempotency_keys() -> None:
    """Remove answers kept for more than seven days."""
    forget_old_keys()
