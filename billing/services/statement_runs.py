"""Statement runs: everything is planned before anything is sent, then some outcomes at a time commit with their messages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache, partial
from typing import NamedTuple

import structlog
from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Left

from billing.documents import store_statement_pdfs
from billing.models import StatementOutcome, StatementRun
from billing.selectors.statement_plans import RunOrder, plan_outcomes
from billing.selectors.statements import Wanted
from billing.services.envelopes import Envelope
from billing.services.mail import PATIENCE
from billing.services.statements import mail_statement, proved_statements
from businesses import audit
from businesses.audit import SYSTEM, Actor
from businesses.models import Business
from customers.models import Contact, Customer
from einvoicing.document import Statement
from invoicing.lib import clock
from invoicing.lib.errors import DomainError
from invoicing.lib.ids import uuid7
from invoicing.lib.new_rows import together
from invoicing.lib.wake import wake
from messaging.models import Kind, Message, State
from messaging.texts import language_of, text_of

log = structlog.get_logger(__name__)
MANUAL = "manual"
TRIED_AT_ONCE = 25  # planned outcomes that a worker reads at a time; each may have ten thousand entries
LINES_TOGETHER = 500  # of the statements that are rendered in one transaction
Outcome = StatementOutcome.Outcome


class Ready(NamedTuple):
    """What an outcome is to send and of whom, or why it cannot be, to whom a copy goes, and when the run knew it."""

    customer: Customer
    statement: Statement | DomainError
    copied: list[str]
    known_at: datetime

    def lines(self) -> int:
        """How long the statement is."""
        return 0 if isinstance(self.statement, DomainError) else len(self.statement.items) + len(self.statement.entries)


class Preview(NamedTuple):
    """An unsaved run, its unsaved outcomes, and what the statement of each says is due, in minor units where known."""

    run: StatementRun
    outcomes: list[StatementOutcome]
    amounts: list[int | None]


# Planned -------------------------------------------------------------------------------------------------------------
@transaction.atomic
def plan_run(business: Business, order: RunOrder, *, schedule: str, period: str, actor: Actor) -> StatementRun:
    """Write a run and an outcome per customer, address and currency; the same schedule and period again: the same run."""
    own = StatementRun.objects.of(business).filter(schedule=schedule, period=period)
    if (existing := own.first()) is not None:
        return existing
    try:
        with transaction.atomic():
            run = _new_run(business, order, schedule, period)
            run.save(force_insert=True)
    except IntegrityError:  # another was quicker
        return own.get()
    outcomes = [planned.outcome for planned in plan_outcomes(business, order, run.known_at)]
    for outcome in outcomes:
        outcome.run = run
    StatementOutcome.objects.bulk_create(outcomes, batch_size=500)
    planned = sum(outcome.outcome == Outcome.PLANNED for outcome in outcomes)
    audit.record(business, actor, "statement_run.planned", run, {"planned": planned, "total": len(outcomes)})
    return run


@transaction.atomic
def plan_manual_run(business: Business, order: RunOrder, *, actor: Actor) -> StatementRun:
    """A run that somebody asked for, and a worker told of it."""
    schedule = f"{MANUAL}:{uuid7().hex}"
    run = plan_run(business, order, schedule=schedule, period=order.end.isoformat(), actor=actor)
    wake("billing.tasks.run_statements", run.pk)
    return run


def _new_run(business: Business, order: RunOrder, schedule: str, period: str) -> StatementRun:
    return StatementRun(
        business=business,
        schedule=schedule,
        period=period,
        type=order.type,
        start=order.start,
        end=order.end,
        minimum_minor=order.minimum_minor,
        only_past_due=order.only_past_due,
        tags=list(order.tags),
        roll_up=order.roll_up,
        known_at=clock.now(),
    )


def preview_run(business: Business, order: RunOrder) -> Preview:
    """What `plan_run` would write, unsaved."""
    run = _new_run(business, order, MANUAL, order.end.isoformat())
    run.updated_at = run.known_at
    planned = plan_outcomes(business, order, run.known_at)
    return Preview(run, [each.outcome for each in planned], [each.amount_minor for each in planned])


# Sent ----------------------------------------------------------------------------------------------------------------
def planned_outcomes(run: StatementRun, *, after: int = 0) -> list[int]:
    """The ids of the next that are still to be sent, in order; `after` is the last one that was tried."""
    rows = StatementOutcome.objects.filter(run=run, outcome=Outcome.PLANNED, pk__gt=after).order_by("id")
    return list(rows.values_list("pk", flat=True)[:TRIED_AT_ONCE])


def begin_run(run: StatementRun) -> None:
    """Say that sending has begun."""
    StatementRun.objects.filter(pk=run.pk, state=StatementRun.State.PLANNED).update(
        state=StatementRun.State.RUNNING, updated_at=clock.now()
    )


def ready_outcomes(outcome_ids: Sequence[int]) -> dict[int, Ready]:
    """What those of a run that are still planned are to send, proved: as many queries for many as for one, but for families.

    What is posted until they leave changes nothing: their `known_at` is past.
    """
    rows = StatementOutcome.objects.filter(pk__in=outcome_ids, outcome=Outcome.PLANNED).order_by("pk")
    found = list(rows.select_related("customer"))
    if not found:
        return {}
    business, run, copied = found[0].business, found[0].run, _copied(found)
    for outcome in found:
        outcome.customer.business = business
    asked = [(outcome.customer, outcome.currency) for outcome in found]
    statements = proved_statements(business, asked, _wanted(run))
    return {
        outcome.pk: Ready(outcome.customer, statement, _but(outcome.address, copied[outcome.customer_id]), run.known_at)
        for outcome, statement in zip(found, statements, strict=True)
    }


def _but(address: str, emails: list[str]) -> list[str]:
    return [email for email in emails if email != address]


def _wanted(run: StatementRun) -> Wanted:
    return Wanted(
        type=run.type,
        start=run.start,
        end=run.end,
        known_at=run.known_at,
        only_past_due=run.only_past_due,
        include_children=run.roll_up,
    )


def _copied(outcomes: Sequence[StatementOutcome]) -> Mapping[int, list[str]]:
    customer_pks = [outcome.customer_id for outcome in outcomes]
    contacts = Contact.objects.of(outcomes[0].business_id).filter(customer__in=customer_pks, primary=True)
    found = defaultdict[int, list[str]](list)
    for pk, email in contacts.exclude(email=None).order_by("id").values_list("customer_id", "email"):
        found[pk] += [email] if email else []
    return found


def send_outcome(outcome_id: int) -> bool:
    """Send one planned statement, or note why it cannot be; False where another has it, or has done it.

    An error of the renderer is raised, for the next sweep to try again; after a day the outcome fails with it, so that the run
    comes to an end.
    """
    ready = ready_outcomes([outcome_id])
    if not ready:
        return False
    try:
        return send_together(ready) == 1
    except DomainError as refusal:
        return _refuse(outcome_id, refusal.message)
    except Exception as error:
        if clock.now() - ready[outcome_id].known_at < PATIENCE:
            raise
        log.exception("statement_given_up", outcome=outcome_id)
        return _refuse(outcome_id, f"{type(error).__name__}: {error}")


def in_turns(ready: Mapping[int, Ready]) -> Iterator[dict[int, Ready]]:
    """So many as are rendered in a moment, for while they are nobody else writes to a SQLite file; a long one by itself."""
    turn, lines = dict[int, Ready](), 0
    for pk, each in ready.items():
        more = each.lines()
        if turn and lines + more > LINES_TOGETHER:
            yield turn
            turn, lines = {}, 0
        turn[pk] = each
        lines += more
    if turn:
        yield turn


@transaction.atomic
def send_together(ready: Mapping[int, Ready]) -> int:
    """Send what is still planned of these, of one business, and note of those that have no statement why; how many.

    Messages and outcomes commit together: killed before that nothing has happened, after it the messages are found by
    themselves. What is raised undoes them all: each is then to be sent by itself.
    """
    outcomes = _planned(ready)
    proved = []
    for outcome in outcomes:
        statement = ready[outcome.pk].statement
        if isinstance(statement, DomainError):
            _fail(outcome, statement.message)
        else:
            proved.append((outcome, statement))
    if proved:
        _mail(proved, ready)
    return len(outcomes)


def _mail(proved: Sequence[tuple[StatementOutcome, Statement]], ready: Mapping[int, Ready]) -> None:
    """Queue the mail of each, in words that are read once."""
    business = ready[proved[0][0].pk].customer.business
    words = cache(partial(text_of, business, Kind.STATEMENT))
    files = store_statement_pdfs(business, [statement for _, statement in proved])
    with together():
        for (outcome, statement), file in zip(proved, files, strict=True):
            known, (subject, message) = ready[outcome.pk], words(language_of(statement.language))
            envelope = Envelope(to=[outcome.address], cc=known.copied, subject=subject, message=message)
            outcome.message = mail_statement(known.customer, statement, envelope, file=file, actor=SYSTEM)
    sent = [outcome for outcome, _ in proved]
    StatementOutcome.objects.bulk_update(sent, ["message"])
    StatementOutcome.objects.filter(pk__in=[outcome.pk for outcome in sent]).update(outcome=Outcome.QUEUED)


@transaction.atomic
def _refuse(outcome_id: int, reason: str) -> bool:
    for outcome in _planned([outcome_id]):
        _fail(outcome, reason)
        return True
    return False


def _fail(outcome: StatementOutcome, reason: str) -> None:
    outcome.outcome, outcome.reason = Outcome.FAILED, reason[:255]
    outcome.save(update_fields=["outcome", "reason"])


def _planned(outcome_ids: Iterable[int]) -> list[StatementOutcome]:
    """Those of the outcomes, locked, that are still to be sent and nobody else is at."""
    rows = StatementOutcome.objects.select_for_update(skip_locked=True)
    return list(rows.filter(pk__in=[*outcome_ids], outcome=Outcome.PLANNED).order_by("pk"))


def finish_run(run: StatementRun) -> bool:
    """The run is done once nothing of it is planned any more; what was queued is read by `read_outcomes` for longer."""
    if StatementOutcome.objects.filter(run=run, outcome=Outcome.PLANNED).exists():
        return False
    unfinished = StatementRun.objects.filter(pk=run.pk).exclude(state=StatementRun.State.DONE)
    unfinished.update(state=StatementRun.State.DONE, updated_at=clock.now())
    return True


@transaction.atomic
def read_outcomes(run: StatementRun) -> int:
    """Take over what became of the run's messages; returns how many outcomes changed. One sent at last is sent."""
    mailed = StatementOutcome.objects.filter(run=run, message__isnull=False)
    sent = mailed.filter(outcome__in=[Outcome.QUEUED, Outcome.FAILED], message__state=State.SENT)
    failed = mailed.filter(outcome=Outcome.QUEUED, message__state=State.FAILED)
    error = Message.objects.filter(pk=OuterRef("message")).values(reason=Left(F("last_error"), 255))
    return sent.update(outcome=Outcome.SENT, reason="") + failed.update(outcome=Outcome.FAILED, reason=Subquery(error))


def unsettled_runs(since: datetime) -> QuerySet[StatementRun]:
    """Runs planned since then with a message of which the last word may not be said: queued, or failed and tried again."""
    mailed = StatementOutcome.objects.filter(run=OuterRef("pk"), message__isnull=False)
    open_ones = mailed.filter(outcome__in=[Outcome.QUEUED, Outcome.FAILED])
    return StatementRun.objects.filter(Exists(open_ones), created_at__gte=since).order_by("id")
