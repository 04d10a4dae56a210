"""What the statements of a stored run say is due: as frozen where one left, else as the books stood at the plan."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.db.models import BigIntegerField, JSONField
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from billing.models import KeptStatement, StatementOutcome, StatementRun
from billing.selectors.statement_heads import heads_of
from billing.selectors.statement_plans import ELSEWHERE, RunOrder, totals_due


def amounts_due(run: StatementRun, outcomes: Collection[StatementOutcome]) -> dict[int, int | None]:
    """Minor units by outcome; None for a child who is on the statement of another. For one page of a run's outcomes.

    They need their customer and message loaded.
    """
    kept = _frozen(run, outcomes)
    own = [row for row in outcomes if row.pk not in kept and not row.reason.startswith(ELSEWHERE)]
    heads = heads_of(
        run.business, {row.customer_id for row in own}, roll_up=run.roll_up
    )  # the families as they are now
    planned = totals_due(run.business, _order(run), run.known_at, heads)
    found: dict[int, int | None] = {row.pk: planned[row.customer_id, row.currency] for row in own}
    return {**dict.fromkeys(row.pk for row in outcomes), **found, **kept}


def _frozen(run: StatementRun, outcomes: Collection[StatementOutcome]) -> Mapping[int, int]:
    """Read by the database out of the frozen view, which may be of ten thousand entries."""
    of_message = {row.message.subject_id: row.pk for row in outcomes if row.message and row.message.subject_id}
    total = Cast(KeyTextTransform("total_due_minor", Cast("view", JSONField())), BigIntegerField())
    rows = KeptStatement.objects.of(run.business_id).filter(uuid__in=of_message).annotate(total=total)
    return {of_message[uuid]: total for uuid, total in rows.values_list("uuid", "total")}


def _order(run: StatementRun) -> RunOrder:
    return RunOrder(type=run.type, start=run.start, end=run.end, only_past_due=run.only_past_due)
