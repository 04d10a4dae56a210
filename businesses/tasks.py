"""Jobs of this app."""

from __future__ import annotations

import structlog
from celery import shared_task

from businesses.audit_chain import link_business, waiting_businesses
from businesses.idempotency import forget_old_keys
from businesses.sessions import forget_expired
from businesses.tallies import merge_tallies

log = structlog.get_logger(__name__)


@shared_task
def forget_idempotency_keys() -> None:
    """Remove answers kept for more than seven days."""
    forget_old_keys()


@shared_task
def forget_expired_tokens() -> None:
    """Remove what is kept of tokens that nobody can use any more."""
    forget_expired()


@shared_task
def link_audit() -> None:
    """Give every committed entry of the audit trail its place in its business's hash chain."""
    for business in waiting_businesses():
        try:
            link_business(business)
        except Exception:  # one business must not stop the others; the next run tries it again
            log.exception("audit_not_linked", business=str(business.uuid))


@shared_task
def merge_counts() -> None:
    """Make one row of many that count the same."""
    merge_tallies()
