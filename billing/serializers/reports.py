"""Reports as the API shows them: as JSON, and as tables for CSV with plain columns and amounts in major units."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from rest_framework import serializers

from billing.models import TaxCategory
from billing.selectors.reports.ageing import AgeingReport, AgeingRow
from billing.selectors.reports.numbering import NumberReport
from billing.selectors.reports.revenue import Figures, RevenueReport, RevenueRow
from billing.selectors.reports.sales import Span
from billing.selectors.reports.taxes import TaxReport, TaxRow
from businesses.serializers import PaginationOutput
from invoicing.lib import clock
from invoicing.lib.money import major_number, number, to_major


class Table(NamedTuple):
    """Columns and rows of a CSV."""

    header: list[str]
    rows: Iterable[Sequence[Any]]


def pagination(first: int, limit: int, total: int) -> dict[str, int]:
    """Where a page of rows stands."""
    return {"page": first // limit + 1, "limit": limit, "total": total, "total_pages": -(-total // limit)}


# Ageing ----------------------------------------------------------------------------------------------------------------
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


class AgeingOutput(serializers.Serializer[Any]):
    """The ageing on a day, as known at a moment: sums of everything per currency, and a page of rows."""

    on = serializers.DateField()
    known_at = serializers.DateTimeField()
    by = serializers.CharField()
    buckets = serializers.ListField(child=serializers.CharField())
    totals = AgeingTotalOutput(many=True)
    data = AgeingRowOutput(many=True)  # type: ignore[assignment]
    pagination = PaginationOutput()


def represent_ageing_report(report: AgeingReport) -> dict[str, Any]:
    """As AgeingOutput says."""
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


# Revenue ---------------------------------------------------------------------------------------------------------------
class FiguresOutput(serializers.Serializer[Any]):
    """net = invoiced − credited, without tax; total = net + tax. written_off (null by product) takes nothing from revenue."""

    currency = serializers.CharField()
    invoiced = serializers.FloatField()
    credited = serializers.FloatField()
    net = serializers.FloatField()
    tax = serializers.FloatField()
    total = serializers.FloatField()
    written_off = serializers.FloatField(allow_null=True)


class RevenueRowOutput(FiguresOutput):
    """A month (2026-03), a customer, or a product (null: lines without a product)."""

    month = serializers.CharField(required=False)
    customer_id = serializers.UUIDField(required=False)
    customer_name = serializers.CharField(required=False)
    product_id = serializers.UUIDField(required=False, allow_null=True)
    product_name = serializers.CharField(required=False, allow_null=True)


class RevenueOutput(serializers.Serializer[Any]):
    """What was earned in a time, net of tax."""

    start = serializers.DateField()
    end = serializers.DateField()
    known_at = serializers.DateTimeField()
    by = serializers.CharField()
    totals = FiguresOutput(many=True)
    data = RevenueRowOutput(many=True)  # type: ignore[assignment]
    pagination = PaginationOutput()


def represent_revenue(report: RevenueReport, span: Span, first: int, limit: int) -> dict[str, Any]:
    """As RevenueOutput says."""
    return {
        **_span(span),
        "by": report.by,
        "totals": [_figures(figures, code, report.by) for code, figures in report.totals.items()],
        "data": [
            {**_subject(row, report.by), **_figures(row.figures, row.currency, report.by)}
            for row in report.rows[first : first + limit]
        ],
        "pagination": pagination(first, limit, len(report.rows)),
    }


def _span(span: Span) -> dict[str, Any]:
    return {"start": span.start.isoformat(), "end": span.end.isoformat(), "known_at": clock.iso(span.known_at)}


def _subject(row: RevenueRow, by: str) -> dict[str, Any]:
    if row.month is not None:
        return {"month": f"{row.month:%Y-%m}"}
    return {f"{by}_id": row.uuid, f"{by}_name": row.name or None}


_FIGURES = ("invoiced", "credited", "net", "tax", "total", "written_off")


def _figures(figures: Figures, currency: str, by: str) -> dict[str, Any]:
    shown = {name: major_number(getattr(figures, name), currency) for name in _FIGURES}
    return {"currency": currency, **shown, **({"written_off": None} if by == "product" else {})}


def revenue_table(report: RevenueReport, rows: slice) -> Table:
    """A line per row."""
    subject = ["month"] if report.by == "month" else [f"{report.by}_id", f"{report.by}_name"]
    figures = _FIGURES[:-1] if report.by == "product" else _FIGURES
    lines = (
        [
            *_subject(row, report.by).values(),
            row.currency,
            *(to_major(getattr(row.figures, name), row.currency) for name in figures),
        ]
        for row in report.rows[rows]
    )
    return Table([*subject, "currency", *figures], lines)


# Taxes -----------------------------------------------------------------------------------------------------------------
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
        **_span(span),
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


# Numbering -------------------------------------------------------------------------------------------------------------
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
