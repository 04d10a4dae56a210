"""Statement runs and their outcomes as the API shows them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Count
from rest_framework import serializers

from billing.models import StatementOutcome, StatementRun
from billing.selectors.statement_amounts import amounts_due
from billing.serializers.statements import represent_period
from businesses.models import Business
from businesses.serializers import columns_of
from invoicing.lib import clock
from invoicing.lib.money import major_number

Outcome = StatementOutcome.Outcome
KINDS = tuple(str(kind) for kind in Outcome)
SHOWN = 1_000  # outcomes in a run's own representation; all are in the list of its outcomes

RUN_COLUMNS = (
    *("pk", "uuid", "type", "start", "end", "minimum_minor", "only_past_due", "tags", "roll_up", "state", "known_at"),
    *("business__currency", "schedule", "period", "created_at", "updated_at"),
)
_OUTCOME_COLUMNS = ("customer__uuid", "address", "currency", "outcome", "reason")
Row = Mapping[str, Any]


def represent_runs(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Runs from rows of RUN_COLUMNS; their counts and outcomes in one query each, and one per run of more than SHOWN."""
    counts = count_outcomes([row["pk"] for row in rows])
    shown = _first_outcomes(counts)
    return [_run(row, counts[row["pk"]], [_outcome(outcome) for outcome in shown[row["pk"]]]) for row in rows]


def represent_run(pk: int) -> dict[str, Any]:
    """One run as GET answers it."""
    return represent_runs(list(StatementRun.objects.filter(pk=pk).values(*RUN_COLUMNS)))[0]


def represent_unsaved_run(
    run: StatementRun, outcomes: Sequence[StatementOutcome], amounts: Sequence[int | None]
) -> dict[str, Any]:
    """What a run would be: as GET answers it, without an id and a state, with every outcome and its amount."""
    counts = dict.fromkeys(KINDS, 0)
    for outcome in outcomes:
        counts[outcome.outcome] += 1
    pairs = zip(outcomes, amounts, strict=True)
    shown = [_outcome(columns_of(outcome, _OUTCOME_COLUMNS), amount) for outcome, amount in pairs]
    return {**_run(columns_of(run, RUN_COLUMNS), counts, shown), "id": None, "state": None}


def represent_outcomes(run: StatementRun, pks: Sequence[int]) -> list[dict[str, Any]]:
    """A page of a stored run's outcomes, in this order, with what each statement says is due."""
    rows = StatementOutcome.objects.of(run.business_id).select_related("customer", "message").in_bulk(pks)
    amounts = amounts_due(run, rows.values())
    return [_outcome(columns_of(rows[pk], _OUTCOME_COLUMNS), amounts[pk]) for pk in pks]


def count_outcomes(run_pks: Iterable[int]) -> dict[int, dict[str, int]]:
    """How many outcomes of each kind each run has."""
    counts = {pk: dict.fromkeys(KINDS, 0) for pk in run_pks}
    rows = StatementOutcome.objects.filter(run__in=counts).order_by().values_list("run_id", "outcome")
    for pk, kind, number in rows.annotate(Count("pk")):
        counts[pk][kind] = number
    return counts


def _first_outcomes(counts: Mapping[int, Mapping[str, int]]) -> Mapping[int, list[Row]]:
    found: defaultdict[int, list[Row]] = defaultdict(list)
    small = [pk for pk, kinds in counts.items() if sum(kinds.values()) <= SHOWN]
    rows = StatementOutcome.objects.order_by("run_id", "id").values("run_id", *_OUTCOME_COLUMNS)
    for outcome in rows.filter(run__in=small):
        found[outcome["run_id"]].append(outcome)
    for pk in counts.keys() - set(small):
        found[pk] = list(rows.filter(run=pk)[:SHOWN])
    return found


def _run(row: Row, counts: Mapping[str, int], outcomes: list[dict[str, Any]]) -> dict[str, Any]:
    """`done` counts the outcomes for which nothing is left to do."""
    total = sum(counts.values())
    return {
        "id": row["uuid"],
        "state": row["state"],
        "total": total,
        "done": total - counts[Outcome.PLANNED] - counts[Outcome.QUEUED],
        "counts": dict(counts),
        "type": row["type"],
        **represent_period(row["type"], row["start"], row["end"]),
        "known_at": clock.iso(row["known_at"]),
        "minimum_balance": major_number(row["minimum_minor"], row["business__currency"]),
        "only_past_due": row["only_past_due"],
        "tags": row["tags"],
        "roll_up": row["roll_up"],
        "schedule": row["schedule"].partition(":")[0],
        "outcomes": outcomes,
        "outcomes_total": total,
        "created_at": clock.iso(row["created_at"]),
        "updated_at": clock.iso(row["updated_at"]),
    }


def _outcome(outcome: Row, amount_minor: int | None = None) -> dict[str, Any]:
    currency = outcome["currency"]
    return {
        "customer_id": outcome["customer__uuid"],
        "address": outcome["address"] or None,
        "currency": currency,
        "amount": None if amount_minor is None else major_number(amount_minor, currency),
        "outcome": outcome["outcome"],
        "reason": outcome["reason"] or None,
    }


# For the schema ------------------------------------------------------------------------------------------------------
class OutcomeOutput(serializers.Serializer[Any]):
    """What became of one customer and currency."""

    customer_id = serializers.UUIDField()
    address = serializers.CharField(allow_null=True)
    currency = serializers.CharField()
    amount = serializers.FloatField(
        allow_null=True,
        help_text="What the statement says is due; null for a child on another's statement, and in a stored run itself: "
        "its list of outcomes has it.",
    )
    outcome = serializers.ChoiceField(choices=Outcome.choices)
    reason = serializers.CharField(allow_null=True)


class CountsOutput(serializers.Serializer[Any]):
    """How many outcomes of each kind there are."""

    planned = serializers.IntegerField()
    queued = serializers.IntegerField()
    sent = serializers.IntegerField()
    failed = serializers.IntegerField()
    skipped = serializers.IntegerField()


class StatementRunOutput(serializers.Serializer[Any]):
    """A sending of statements to many customers; of a dry run id and state are null."""

    id = serializers.UUIDField(allow_null=True)
    state = serializers.ChoiceField(choices=StatementRun.State.choices, allow_null=True)
    total = serializers.IntegerField()
    done = serializers.IntegerField()
    counts = CountsOutput()
    type = serializers.ChoiceField(choices=Business.StatementType.choices)
    on = serializers.DateField(required=False)
    start = serializers.DateField(required=False)
    end = serializers.DateField(required=False)
    known_at = serializers.DateTimeField()
    minimum_balance = serializers.FloatField()
    only_past_due = serializers.BooleanField()
    tags = serializers.ListField(child=serializers.CharField())
    roll_up = serializers.BooleanField()
    schedule = serializers.CharField()
    outcomes = OutcomeOutput(many=True, help_text=f"The first {SHOWN:,}; of a dry run all.")
    outcomes_total = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
