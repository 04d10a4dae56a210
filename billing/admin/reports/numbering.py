"""A series of numbers: what became of each, and a warning where one is missing."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import NoReverseMatch, reverse

from billing.admin.amounts import BADGES, day
from billing.admin.reports import frame
from billing.selectors.reports.numbering import NumberRow, numbering
from billing.selectors.series import SERIES
from billing.serializers.reports.numbering import numbering_table
from businesses.membership import AdminRequest
from businesses.models import Business
from businesses.numbering import counters

_NAMES = {
    "invoice": "Invoices",
    "quotation": "Quotations",
    "credit_note": "Credit notes",
    "payment": "Payments",
    "adjustment": "Adjustments",
}
_SHOWN = 40


class SeriesForm(frame.ReportForm):
    """Series and period are tabs."""


def numbering_page(request: AdminRequest) -> HttpResponse:
    """The page, or the whole series as CSV."""
    business = frame.enter(request)
    asked = request.GET.get("series", "")
    series = asked if asked in SERIES else "invoice"
    known = _periods(business, series)
    period = request.GET.get("period") if request.GET.get("period") in known else None
    every = frame.wants_csv(request)
    first, count = (0, None) if every else ((frame.page_of(request) - 1) * frame.ROWS, frame.ROWS)
    report = numbering(business, series, period=period, first=first, count=count)
    if every:
        return frame.download(numbering_table(report), f"Numbers-{series}{f'-{period}' if period else ''}")
    periods = [("", "All years"), *((one, one) for one in known)]
    return frame.show(
        request,
        "numbering",
        "Numbers",
        SeriesForm(request, {}),
        series=frame.tabs(request, "series", list(_NAMES.items()), series),
        periods=frame.tabs(request, "period", periods, period or ""),
        heading=_NAMES[series],
        rows=[_row(row, series, business) for row in report.rows],
        missing=[gap.number for gap in report.missing[:_SHOWN]],
        more=max(0, len(report.missing) - _SHOWN),
        gaps=len(report.missing),
        turn=frame.turn(request, report.total),
    )


def _periods(business: Business, series: str) -> list[str]:
    found = counters(business)
    return sorted((period for of, period in found if of == series and period), reverse=True)


def _row(row: NumberRow, series: str, business: Business) -> dict[str, Any]:
    return {
        "number": row.number,
        "href": None if row.status == "deleted" else _page(series, row),
        "sequence": row.sequence,
        "day": day(row.day, business),
        "status": row.status.capitalize(),
        "badge": BADGES.get(row.status, "warning"),
        "reason": row.reason,
    }


def _page(series: str, row: NumberRow) -> str | None:
    """The row's own page; None for what has none."""
    try:
        return reverse(f"admin:billing_{series.replace('_', '')}_change", args=[row.uuid])
    except NoReverseMatch:
        return None
