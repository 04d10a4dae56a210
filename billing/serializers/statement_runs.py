"""Statement runs and their outcomes as the API shows them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from billing.models import StatementOutcome, StatementRun
from billing.serializers.statements import represent_period
from businesses.models import Business
from businesses.serializers import columns_of
from invoicing.lib import clock
from invoicing.lib.money import major_number

RUN_COLUMNS = (
    *("pk", "uuid", "type", "start", "end", "minimum_minor", "only_past_due", "state", "known_at"),
    *("business__currency", "schedule", "period", "created_at", "updated_at"),
)
_OUTCOME_COLUMNS = ("customer__uuid", "address", "currency", "outcome", "reason")


def represent_runs(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Runs from rows of RUN_COLUMNS; their outcomes in one more query."""
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    outcomes = StatementOutcome.objects.filter(run__in=[row["pk"] for row in rows]).order_by("run_id", "id")
    for outcome in outcomes.values("run_id", *_OUTCOME_COLUMNS):
        found[outcome["run_id"]].append(outcome)
    return [_run(row, found[row["pk"]]) for row in rows]


def represent_run(pk: int) -> dict[str, Any]:
    """One run as GET answers it."""
    return represent_runs(list(StatementRun.objects.filter(pk=pk).values(*RUN_COLUMNS)))[0]


def represent_unsaved_run(run: StatementRun, outcomes: list[StatementOutcome]) -> dict[str, Any]:
    """What a run would be: as GET answers it, without an id and a state."""
    shown = [columns_of(outcome, _OUTCOME_COLUMNS) for outcome in outcomes]
    return {**_run(columns_of(run, RUN_COLUMNS), shown), "id": None, "state": None}


def _run(row: Mapping[str, Any], outcomes: list[dict[str, Any]]) -> dict[str, Any]:
    """`done` counts the outcomes for which nothing is left to do."""
    open_states = {StatementOutcome.Outcome.PLANNED, StatementOutcome.Outcome.QUEUED}
    return {
        "id": row["uuid"],
        "state": row["state"],
        "total": len(outcomes),
        "done": sum(outcome["outcome"] not in open_states for outcome in outcomes),
        "type": row["type"],
        **represent_period(row["type"], row["start"], row["end"]),
        "known_at": clock.iso(row["known_at"]),
        "minimum_balance": major_number(row["minimum_minor"], row["business__currency"]),
        "only_past_due": row["only_past_due"],
        "schedule": row["schedule"].partition(":")[0],
        "outcomes": [_outcome(outcome) for outcome in outcomes],
        "created_at": clock.iso(row["created_at"]),
        "updated_at": clock.iso(row["updated_at"]),
    }


def _outcome(outcome: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "customer_id": outcome["customer__uuid"],
        "address": outcome["address"] or None,
        "currency": outcome["currency"],
        "outcome": outcome["outcome"],
        "reason": outcome["reason"] or None,
    }


class OutcomeOutput(serializers.Serializer[Any]):
    """What became of one customer and currency."""

    customer_id = serializers.UUIDField()
    address = serializers.CharField(allow_null=True)
    currency = serializers.CharField()
    outcome = serializers.ChoiceField(choices=StatementOutcome.Outcome.choices)
    reason = serializers.CharField(allow_null=True)


class StatementRunOutput(serializers.Serializer[Any]):
    """A sending of statements to many customers; of a dry run id and state are null."""

    id = serializers.UUIDField(allow_null=True)
    state = serializers.ChoiceField(choices=StatementRun.State.choices, allow_null=True)
    total = serializers.IntegerField()
    done = serializers.IntegerField()
    type = serializers.ChoiceField(choices=Business.StatementType.choices)
    on = serializers.DateField(required=False)
    start = serializers.DateField(required=False)
    end = serializers.DateField(required=False)
    known_at = serializers.DateTimeField()
    minimum_balance = serializers.FloatField()
    only_past_due = serializers.BooleanField()
    schedule = serializers.CharField()
    outcomes = OutcomeOutput(many=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
