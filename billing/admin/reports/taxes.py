"""What was charged for the state, per period, category and rate."""

from __future__ import annotations

from datetime import date
from itertools import groupby
from typing import Any

from babel.dates import format_date
from django.http import HttpResponse

from billing.admin.amounts import day, money, written
from billing.admin.forms import choice
from billing.admin.reports import frame
from billing.admin.reports.revenue import SpanForm, span_of, this_year
from billing.models import TaxCategory
from billing.selectors.reports.sales import Span
from billing.selectors.reports.taxes import TaxRow, taxes
from billing.serializers.reports.taxes import taxes_table
from businesses.membership import AdminRequest
from businesses.models import Business

_PERIODS = [("month", "Months"), ("quarter", "Quarters"), ("year", "Years"), ("all", "All in one")]


class TaxesForm(SpanForm):
    """From which day to which, and how it is cut."""

    widths = {**SpanForm.widths, "period": "w4"}

    period = choice(_PERIODS, label="Per")


def taxes_page(request: AdminRequest) -> HttpResponse:
    """The page, or the whole table as CSV."""
    business = frame.enter(request)
    form = TaxesForm(request, {**this_year(business), "period": "quarter"})
    used = frame.currencies(business)
    currency = frame.currency_of(request, business, used)
    span = span_of(form, currency)
    report = taxes(business, span, form.asked("period"))
    if frame.wants_csv(request):
        return frame.download(taxes_table(report, slice(None)), f"Taxes-{span.start}-{span.end}-{currency}")
    base, tax = report.totals.get(currency, (0, 0))
    periods = groupby(report.rows, key=lambda row: row.start)
    return frame.show(
        request,
        "taxes",
        "Taxes",
        form,
        currencies=frame.tabs(request, "currency", [(code, code) for code in used], currency),
        periods=[_period(start, list(rows), form.asked("period"), span, business) for start, rows in periods],
        total={"base": money(base, currency, business), "tax": money(tax, currency, business)},
        tiles=[
            {"name": "Tax", "amount": money(tax, currency, business), "note": "Invoices less credit notes"},
            {
                "name": "Base",
                "amount": money(base, currency, business),
                "note": "What it was charged on, and what bore none",
            },
        ],
        days=f"{day(span.start, business)} – {day(span.end, business)}",
    )


def _period(start: date, rows: list[TaxRow], period: str, span: Span, business: Business) -> dict[str, Any]:
    names = {
        "month": lambda: format_date(start, "LLLL yyyy", locale=business.locale),
        "all": lambda: f"{day(span.start, business)} – {day(span.end, business)}",
        "quarter": lambda: f"{rows[0].period[5:]} {start.year}",
    }
    currency = rows[0].currency
    return {
        "name": names.get(period, lambda: rows[0].period)(),
        "rows": [_row(row, business) for row in rows],
        "base": money(sum(row.base for row in rows), currency, business),
        "tax": money(sum(row.tax for row in rows), currency, business),
    }


def _row(row: TaxRow, business: Business) -> dict[str, str]:
    return {
        "category": TaxCategory(row.category).label,
        "code": row.category,
        "rate": f"{written(row.rate, business)} %",
        "base": money(row.base, row.currency, business),
        "tax": money(row.tax, row.currency, business),
    }
