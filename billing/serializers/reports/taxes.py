"""Taxes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from billing.models import TaxCategory
from billing.selectors.reports.sales import Span
from billing.selectors.reports.taxes import TaxReport, TaxRow
from billing.serializers.reports.shared import Table, pagination, represent_span
from businesses.serializers import PaginationOutput
from invoicing.lib.money import major_number, number, to_major


class TaxTotalOutput(serializers.Serializer[Any]):
    """Base and tax of everything in one currency."""

    currency = serializers.CharField()
    base = serializers.FloatField()
    tax = serializers.FloatField()


class TaxRowOutput(TaxTotalOutput):
    """Invoices less credit notes of one period, category and rate."""

    period = serializers.CharField(help_text="2026-03, 2026-Q1, 2026, or all")
    tax_category = serializers.ChoiceField(choices=TaxCategory.choices)
    tax_rate = serializers.FloatField()


class TaxesOutput(serializers.Serializer[Any]):
    """What was charged in a time, per tax category and rate."""

    start = serializers.DateField()
    end = serializers.DateField()
    known_at = serializers.DateTimeField()
    period = serializers.CharField()
    totals = TaxTotalOutput(many=True)
    data = TaxRowOutput(many=True)  # type: ignore[assignment]
    pagination = PaginationOutput()


def represent_taxes(report: TaxReport, span: Span, period: str, first: int, limit: int) -> dict[str, Any]:
    """As TaxesOutput says."""
    return {
        **represent_span(span),
        "period": period,
        "totals": [
            {"currency": code, "base": major_number(base, code), "tax": major_number(tax, code)}
            for code, (base, tax) in report.totals.items()
        ],
        "data": [_tax(row) for row in report.rows[first : first + limit]],
        "pagination": pagination(first, limit, len(report.rows)),
    }


def _tax(row: TaxRow) -> dict[str, Any]:
    return {
        "period": row.period,
        "currency": row.currency,
        "tax_category": row.category,
        "tax_rate": number(row.rate),
        "base": major_number(row.base, row.currency),
        "tax": major_number(row.tax, row.currency),
    }


def taxes_table(report: TaxReport, rows: slice) -> Table:
    """A line per row."""
    header = ["period", "currency", "tax_category", "tax_rate", "base", "tax"]
    return Table(header, (_tax_line(row) for row in report.rows[rows]))


def _tax_line(row: TaxRow) -> list[Any]:
    base, tax = to_major(row.base, row.currency), to_major(row.tax, row.currency)
    return [row.period, row.currency, row.category, Decimal(number(row.rate)), base, tax]
