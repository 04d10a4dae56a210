"""The numbers of a series."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rest_framework import serializers

from billing.selectors.reports.numbering import NumberReport
from billing.serializers.reports.shared import Table, pagination
from businesses.serializers import PaginationOutput


class NumberOutput(serializers.Serializer[Any]):
    """A number and what became of it."""

    number = serializers.CharField()
    sequence = serializers.IntegerField(allow_null=True)
    period = serializers.CharField(allow_null=True, help_text="The year, where the series starts again each year.")
    status = serializers.CharField(help_text="Its document's, or deleted")
    deleted_reason = serializers.CharField(allow_null=True)
    given_by_hand = serializers.BooleanField()
    id = serializers.UUIDField()
    date = serializers.DateField()


class MissingNumberOutput(serializers.Serializer[Any]):
    """A number that should be there."""

    number = serializers.CharField()
    sequence = serializers.IntegerField()
    period = serializers.CharField(allow_null=True)


class NumberingOutput(serializers.Serializer[Any]):
    """A series; `missing` and `complete` speak of all its numbers, not of the page."""

    series = serializers.CharField()
    period = serializers.CharField(allow_null=True)
    complete = serializers.BooleanField()
    missing = MissingNumberOutput(many=True)
    data = NumberOutput(many=True)  # type: ignore[assignment]
    pagination = PaginationOutput()


def represent_numbering(
    report: NumberReport, series: str, period: str | None, first: int, limit: int
) -> dict[str, Any]:
    """As NumberingOutput says."""
    return {
        "series": series,
        "period": period,
        "complete": not report.missing,
        "missing": [
            {"number": gap.number, "sequence": gap.sequence, "period": gap.period or None} for gap in report.missing
        ],
        "data": [
            {
                "number": row.number,
                "sequence": row.sequence,
                "period": row.period or None,
                "status": row.status,
                "deleted_reason": row.reason or None,
                "given_by_hand": row.sequence is None,
                "id": row.uuid,
                "date": row.day,
            }
            for row in report.rows
        ],
        "pagination": pagination(first, limit, report.total),
    }


def numbering_table(report: NumberReport) -> Table:
    """A line per number; where all of them are shown, those that are missing too, at the end."""
    header = ["number", "sequence", "period", "status", "deleted_reason", "given_by_hand", "id", "date"]
    rows: list[Sequence[Any]] = [
        (
            row.number,
            row.sequence,
            row.period,
            row.status,
            row.reason,
            "yes" if row.sequence is None else "no",
            row.uuid,
            row.day,
        )
        for row in report.rows
    ]
    gaps = [(gap.number, gap.sequence, gap.period, "missing", "", "no", None, None) for gap in report.missing]
    return Table(header, [*rows, *gaps])
