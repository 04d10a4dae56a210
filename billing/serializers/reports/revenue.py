"""Revenue."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from billing.selectors.reports.revenue import Figures, RevenueReport, RevenueRow
from billing.selectors.reports.sales import Span
from billing.serializers.reports.shared import Table, pagination, represent_span
from businesses.serializers import PaginationOutput
from invoicing.lib.money import major_number, to_major


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
        **represent_span(span),
        "by": report.by,
        "totals": [_figures(figures, code, report.by) for code, figures in report.totals.items()],
        "data": [
            {**_subject(row, report.by), **_figures(row.figures, row.currency, report.by)}
            for row in report.rows[first : first + limit]
        ],
        "pagination": pagination(first, limit, len(report.rows)),
    }


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
