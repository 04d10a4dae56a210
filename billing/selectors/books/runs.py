"""Statement runs: what was sent has its one message, and a run that is done has nothing left to do."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Count, Q

from billing.models import StatementOutcome, StatementRun
from businesses.models import Business
from messaging.models import Kind, State

Outcome = StatementOutcome.Outcome


def check_runs(business: Business) -> Iterator[str]:
    """A queued or sent outcome has a message of its own, a sent one a message that was sent; others before it have none."""
    rows = StatementOutcome.objects.of(business).order_by("pk").select_related("message")
    mailed = rows.filter(outcome__in=[Outcome.QUEUED, Outcome.SENT])
    for outcome in mailed.exclude(message__isnull=False, message__kind=Kind.STATEMENT):
        yield f"outcome {outcome.pk} of run {outcome.run_id}: {outcome.outcome} without a statement's message"
    for outcome in rows.filter(outcome=Outcome.SENT, message__isnull=False).exclude(message__state=State.SENT):
        yield f"outcome {outcome.pk} of run {outcome.run_id}: sent, but its message is not"
    for outcome in rows.filter(outcome__in=[Outcome.PLANNED, Outcome.SKIPPED], message__isnull=False):
        yield f"outcome {outcome.pk} of run {outcome.run_id}: {outcome.outcome}, and has a message"
    twice = rows.exclude(message=None).order_by().values("message").annotate(n=Count("pk")).filter(n__gt=1)
    for row in twice.order_by("message"):
        yield f"message {row['message']}: the outcome of {row['n']} statements"
    left = Count("outcomes", filter=Q(outcomes__outcome=Outcome.PLANNED))
    done = StatementRun.objects.of(business).filter(state=StatementRun.State.DONE)
    for run in done.annotate(left=left).filter(left__gt=0).order_by("pk"):
        yield f"run {run.uuid}: done, and statements of it are still planned"
