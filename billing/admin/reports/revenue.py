"""What was earned: month by month, and by customer or product."""

from __future__ import annotations

from typing import Any

from babel.dates import format_date
from django.http import HttpResponse
from django.urls import reverse

from billing.admin.amounts import money
from billing.admin.forms import day
from billing.admin.reports import frame
from billing.selectors.reports.revenue import By, Figures, RevenueReport, RevenueRow, revenue
from billing.selectors.reports.sales import Span, year_until
from billing.serializers.reports.revenue import revenue_table
from businesses.membership import AdminRequest
from businesses.models import Business
from invoicing.lib import clock

_BY = [("month", "Months"), ("customer", "Customers"), ("product", "Products")]
_HEADINGS = {"month": "Month", "customer": "Customer", "product": "Product"}


class SpanForm(frame.ReportForm):
    """From which day to which."""

    widths = {"start": "w4", "end": "w4"}

    start = day(label="From")
    end = day(label="Until")


def span_of(form: frame.ReportForm, currency: str) -> Span:
    """The days that are typed, in one currency."""
    start, end = form.asked("start"), form.asked("end")
    return Span(start=min(start, end), end=end, known_at=clock.now(), currency=currency)


def this_year(business: Business) -> dict[str, Any]:
    """What is asked where nothing is typed."""
    start, end = year_until(clock.today(business.time_zone))
    return {"start": start, "end": end}


def revenue_page(request: AdminRequest) -> HttpResponse:
    """The page, or the whole table as CSV."""
    business = frame.enter(request)
    form = SpanForm(request, this_year(business))
    used = frame.currencies(business)
    currency = frame.currency_of(request, business, used)
    by: By = {"customer": "customer", "product": "product"}.get(request.GET.get("by", ""), "month")  # type: ignore[assignment]
    span = span_of(form, currency)
    report = revenue(business, span, by)
    if frame.wants_csv(request):
        name = f"Revenue-{span.start}-{span.end}-{currency}"
        return frame.download(revenue_table(report, slice(None)), name)
    months = report if by == "month" else revenue(business, span, "month")
    total = months.totals.get(currency, Figures())
    first = (frame.page_of(request) - 1) * frame.ROWS
    return frame.show(
        request,
        "revenue",
        "Revenue",
        form,
        currencies=frame.tabs(request, "currency", [(code, code) for code in used], currency),
        by=frame.tabs(request, "by", _BY, by),
        heading=_HEADINGS[by],
        with_losses=by != "product",
        rows=[_row(row, by, business) for row in report.rows[first : first + frame.ROWS]],
        total=_figures(total, currency, business),
        tiles=_tiles(total, currency, business),
        chart=_chart(months, currency, business),
        turn=frame.turn(request, len(report.rows)),
    )


def _row(row: RevenueRow, by: By, business: Business) -> dict[str, Any]:
    figures = _figures(row.figures, row.currency, business)
    if row.month is not None:
        return {"name": _month(row, business), "href": None, **figures}
    pages = {"customer": "customers_customer", "product": "billing_product"}
    href = reverse(f"admin:{pages[by]}_change", args=[row.pk]) if row.pk else None
    return {"name": row.name or "Without a product", "href": href, **figures}


def _month(row: RevenueRow, business: Business) -> str:
    return format_date(row.month, "LLLL yyyy", locale=business.locale)


def _figures(figures: Figures, currency: str, business: Business) -> dict[str, str]:
    names = ("invoiced", "credited", "net", "tax", "total", "written_off")
    amounts = ((name, getattr(figures, name)) for name in names)
    return {name: money(minor, currency, business) if minor else "–" for name, minor in amounts}


def _tiles(total: Figures, currency: str, business: Business) -> list[dict[str, str]]:
    figures = [
        ("Revenue, net", total.net, "Invoiced less credited, without tax", ""),
        ("Invoiced", total.invoiced, "Less what was cancelled", ""),
        ("Credited", total.credited, "By credit notes", ""),
        ("Written off", total.written_off, "With tax; not taken off revenue", "danger" if total.written_off else ""),
    ]
    return [
        {"name": name, "amount": money(minor, currency, business), "note": note, "tone": tone}
        for name, minor, note, tone in figures
    ]


def _chart(report: RevenueReport, currency: str, business: Business) -> str:
    rows = [row for row in report.rows if row.month is not None]
    labels = [format_date(row.month, "LLL yy", locale=business.locale) for row in rows]
    series = [
        {"label": "Invoiced", "data": [row.figures.invoiced for row in rows], "colour": "--iv-accent"},
        {"label": "Credited", "data": [row.figures.credited for row in rows], "colour": "--iv-late-2"},
    ]
    return frame.chart(business, currency, labels, series)
