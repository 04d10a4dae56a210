"""Taxes by period, category and rate: what invoices charged less what credit notes gave back, line for line."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal, NamedTuple

from billing.selectors.reports.sales import Span, line_sums
from businesses.models import Business

Period = Literal["month", "quarter", "year", "all"]
_MONTHS = {"month": 1, "quarter": 3, "year": 12}


class TaxRow(NamedTuple):
    """Base and tax in minor units; `start` is the period's first day, `period` its name: 2026-03, 2026-Q1, 2026 or all."""

    currency: str
    start: date
    period: str
    category: str
    rate: Decimal
    base: int
    tax: int


@dataclass(frozen=True, slots=True)
class TaxReport:
    """Rows in the order of currencies, periods, categories and rates; totals per currency are (base, tax)."""

    rows: list[TaxRow]
    totals: dict[str, tuple[int, int]]


def taxes(business: Business, span: Span, period: Period) -> TaxReport:
    """What was charged per period, tax category and rate; a combination that comes to nothing is left out."""
    sums: dict[tuple[str, date, str, Decimal], list[int]] = defaultdict(lambda: [0, 0])
    found = line_sums(business, span, of_entry=["currency", "effective_on"], of_line=["tax_category", "tax_rate"])
    for sign, (currency, day, category, rate), net, tax in found:
        sum_ = sums[currency, _start(day, period, span), category, rate.normalize()]
        sum_[0], sum_[1] = sum_[0] + sign * net, sum_[1] + sign * tax
    totals: dict[str, tuple[int, int]] = {}
    rows = []
    for (currency, start, category, rate), (base, tax) in sorted(sums.items()):
        if base or tax:
            rows.append(TaxRow(currency, start, _name(start, period), category, rate, base, tax))
        before = totals.get(currency, (0, 0))
        totals[currency] = (before[0] + base, before[1] + tax)
    return TaxReport(rows, totals)


def _start(day: date, period: Period, span: Span) -> date:
    if period == "all":
        return span.start
    months = _MONTHS[period]
    return date(day.year, (day.month - 1) // months * months + 1, 1)


def _name(start: date, period: Period) -> str:
    names = {"month": f"{start:%Y-%m}", "quarter": f"{start:%Y}-Q{(start.month + 2) // 3}", "year": f"{start:%Y}"}
    return names.get(period, period)
