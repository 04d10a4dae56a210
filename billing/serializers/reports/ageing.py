"""The ageing."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from billing.selectors.reports.ageing import AgeingReport, AgeingRow
from billing.serializers.reports.shared import Table, pagination
from businesses.serializers import PaginationOutput
from invoicing.lib import clock
from invoicing.lib.money import major_number, to_major


class AgeingRowOutput(serializers.Serializer[Any]):
    """An account, or with by=invoice one invoice, or without one a customer's credit; Σ ageing = balance."""

    customer_id = serializers.UUIDField()
    customer_name = serializers.CharField()
    currency = serializers.CharField()
    invoice_id = serializers.UUIDField(required=False, allow_null=True)
    invoice_number = serializers.CharField(required=False, allow_null=True)
    issue_date = serializers.DateField(required=False, allow_null=True)
    due_date = serializers.DateField(required=False, allow_null=True)
    days_overdue = serializers.IntegerField(required=False)
    ageing = serializers.DictField(child=serializers.FloatField(), help_text="current, 1_30, …, over_90, credit (≤ 0)")
    balance = serializers.FloatField()


class AgeingTotalOutput(serializers.Serializer[Any]):
    """Everything in one currency: the ledger's balance on that day."""

    currency = serializers.CharField()
    ageing = serializers.DictField(child=serializers.FloatField())
    balance = serializers.FloatField()


class AgeingReportOutput(serializers.Serializer[Any]):
    """The ageing on a day, as known at a moment: sums of everything per currency, and a page of rows."""

    on = serializers.DateField()
    known_at = serializers.DateTimeField()
    by = serializers.CharField()
    buckets = serializers.ListField(child=serializers.CharField())
    totals = AgeingTotalOutput(many=True)
    data = AgeingRowOutput(many=True)  # type: ignore[assignment]
    pagination = PaginationOutput()


def represent_ageing_report(report: AgeingReport) -> dict[str, Any]:
    """As AgeingReportOutput says."""
    wanted = report.wanted
    by_invoice = wanted.by == "invoice"
    return {
        "on": wanted.on.isoformat(),
        "known_at": clock.iso(wanted.known_at),
        "by": wanted.by,
        "buckets": wanted.columns,
        "totals": [_aged(row) for row in report.totals],
        "data": [
            {"customer_id": row.customer_id, "customer_name": row.name, **_invoice(row, by_invoice), **_aged(row)}
            for row in report.rows
        ],
        "pagination": pagination(wanted.offset, wanted.limit or 1, report.count),
    }


def _invoice(row: AgeingRow, by_invoice: bool) -> dict[str, Any]:
    if not by_invoice:
        return {}
    return {
        "invoice_id": row.invoice_id,
        "invoice_number": row.number,
        "issue_date": row.issue_date,
        "due_date": row.due_date,
        "days_overdue": row.days_overdue,
    }


def _aged(row: AgeingRow) -> dict[str, Any]:
    amounts = {name: major_number(minor, row.currency) for name, minor in row.amounts.items()}
    return {"currency": row.currency, "ageing": amounts, "balance": major_number(row.balance, row.currency)}


def ageing_table(report: AgeingReport) -> Table:
    """A line per row."""
    wanted = report.wanted
    of_invoice = ["invoice_id", "invoice_number", "issue_date", "due_date", "days_overdue"]
    shown = of_invoice if wanted.by == "invoice" else []
    header = ["customer_id", "customer_name", "currency", *shown, *wanted.columns, "balance"]
    return Table(header, (_ageing_line(row, bool(shown)) for row in report.rows))


def _ageing_line(row: AgeingRow, by_invoice: bool) -> list[Any]:
    amounts = [to_major(minor, row.currency) for minor in (*row.amounts.values(), row.balance)]
    return [row.customer_id, row.name, row.currency, *_invoice(row, by_invoice).values(), *amounts]
