"""Jobs of billing: fetch and call. Every sweep finds its work in rows, and a row that fails does not stop the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

import structlog
from celery import shared_task
from django.db.models import QuerySet

from billing.documents import keep_revision
from billing.models import Invoice, Quotation, Revision, StatementRun
from billing.selectors.books import name_damage
from billing.services.books import prove_books_of
from billing.services.invoice_status import mark_overdue
from billing.services.mail import prepare
from billing.services.quotations import expire_quotation
from billing.services.statement_runs import (
    begin_run,
    finish_run,
    in_turns,
    planned_outcomes,
    read_outcomes,
    ready_outcomes,
    send_outcome,
    send_together,
    unsettled_runs,
)
from billing.services.statement_schedule import plan_due_run
from businesses.models import Business
from invoicing.lib import clock
from invoicing.lib.wake import wake
from messaging.models import Message, State

BATCH = 1_000  # rows of one sweep; the next goes on
SETTLING = timedelta(days=14)  # longer than a message may be tried
TURN = timedelta(seconds=15)  # of a run, before others that wait have theirs
log = structlog.get_logger(__name__)


def _each(pks: Iterable[int], job: Callable[[int], Any]) -> None:
    for pk in pks:
        try:
            job(pk)
        except Exception:  # one bad row must not stop the others; the next sweep tries it again
            log.exception("job_failed", job=job.__name__, pk=pk)


# Files ---------------------------------------------------------------------------------------------------------------
def _prepare(pk: int) -> None:
    prepare(Message.objects.select_related("business").get(pk=pk))


def _keep(pk: int) -> None:
    keep_revision(Revision.objects.select_related("business", "file").get(pk=pk))


@shared_task
def prepare_message(pk: int) -> None:
    """Render what a message carries, and let it leave."""
    _prepare(pk)


@shared_task
def prepare_messages() -> None:
    """Every message that still waits for its file."""
    waiting = Message.objects.filter(state=State.PREPARING).order_by("id")
    _each(_pks(waiting), _prepare)


@shared_task
def keep_document(revision_pk: int) -> None:
    """Render an issued document's PDF."""
    _keep(revision_pk)


@shared_task
def keep_documents() -> None:
    """Every issued document that has no PDF yet."""
    _each(_pks(Revision.objects.filter(file=None).order_by("id")), _keep)


def _pks(rows: QuerySet[Any]) -> list[int]:
    return list(rows.values_list("pk", flat=True)[:BATCH])


# Dates ---------------------------------------------------------------------------------------------------------------
@shared_task
def move_by_date() -> None:
    """Invoices that have fallen due and quotations that have run out, by the day of their business's time zone."""
    for time_zone in Business.objects.order_by().values_list("time_zone", flat=True).distinct():
        today, here = clock.today(time_zone), {"business__time_zone": time_zone, "deleted_at": None}
        due = Invoice.objects.filter(status=Invoice.Status.SENT, due_date__lt=today, **here)
        _each(_pks(due.order_by("due_date", "id")), mark_overdue)
        open_states = [Quotation.Status.DRAFT, Quotation.Status.SENT]
        past = Quotation.objects.filter(status__in=open_states, valid_until__lt=today, **here)
        _each(_pks(past.order_by("valid_until", "id")), expire_quotation)


@shared_task
def prove_books() -> None:
    """Prove the invariants of every business, each night; what contradicts them is on its dashboard and an error in the log."""
    _each(Business.objects.order_by("pk").values_list("pk", flat=True), _prove)


def _prove(pk: int) -> None:
    business = Business.objects.get(pk=pk)
    for sentence in prove_books_of(business):
        log.error("books_contradict", damage=name_damage(business, sentence))


# Statements ----------------------------------------------------------------------------------------------------------
@shared_task
def run_statements(run_pk: int | None = None) -> None:
    """Plan what the schedules ask for, send what is planned, and read what became of it; or only drive this run."""
    until = clock.now() + TURN
    if run_pk is None:
        scheduled = Business.objects.exclude(statement_frequency=Business.Frequency.OFF)
        _each(scheduled.values_list("pk", flat=True), _plan)
    unfinished = StatementRun.objects.exclude(state=StatementRun.State.DONE).order_by("id")
    for pk in _pks(unfinished) if run_pk is None else [run_pk]:
        if not drive_run(StatementRun.objects.get(pk=pk), until=until) and clock.now() >= until:
            wake("billing.tasks.run_statements", pk)  # behind what others are waiting for
    if run_pk is None:
        _each(_pks(unsettled_runs(clock.now() - SETTLING)), _read)


def _plan(pk: int) -> None:
    plan_due_run(Business.objects.get(pk=pk))


def drive_run(run: StatementRun, *, until: datetime) -> bool:
    """Send until nothing is planned or the turn is over; whether the run is done. Any number may drive the same run."""
    begin_run(run)
    last = 0
    while clock.now() < until and (planned := planned_outcomes(run, after=last)):
        _send(planned)
        read_outcomes(run)  # so that whoever looks on sees it move
        last = planned[-1]
    return finish_run(run)


def _send(outcome_ids: list[int]) -> None:
    """Many together; where one of them cannot be sent, each by itself, and only that one stays behind."""
    try:
        for turn in in_turns(ready_outcomes(outcome_ids)):
            send_together(turn)
    except Exception as error:
        log.warning("outcomes_sent_one_by_one", pks=outcome_ids, error=str(error))
        _each(outcome_ids, send_outcome)


def _read(pk: int) -> None:
    read_outcomes(StatementRun.objects.get(pk=pk))
