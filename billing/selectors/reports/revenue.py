"""Revenue as it was earned, net of tax: by month, by customer, by product; never of two currencies added."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal
from uuid import UUID

from django.db.models import Sum

from billing.models import Entry, Product
from billing.selectors.reports.sales import Span, entries, line_sums, of_kind, sum_of
from businesses.models import Business
from customers.models import Customer

By = Literal["month", "customer", "product"]
_KIND = Entry.Kind


@dataclass(slots=True)
class Figures:
    """Minor units. `written_off` is what was given up of the totals, and takes nothing from revenue."""

    invoiced: int = 0
    credited: int = 0
    tax: int = 0
    written_off: int = 0

    @property
    def net(self) -> int:
        """Revenue: what was invoiced less what was credited, without tax."""
        return self.invoiced - self.credited

    @property
    def total(self) -> int:
        """With tax."""
        return self.net + self.tax

    def add(self, other: Figures) -> None:
        """Add another's; of the same currency."""
        self.invoiced += other.invoiced
        self.credited += other.credited
        self.tax += other.tax
        self.written_off += other.written_off


@dataclass(slots=True)
class RevenueRow:
    """A month's first day, a customer, or a product (none: lines without a product), with its figures."""

    currency: str
    month: date | None = None
    pk: int | None = None
    uuid: UUID | None = None
    name: str = ""
    figures: Figures = field(default_factory=Figures)


@dataclass(frozen=True, slots=True)
class RevenueReport:
    """Rows, and their sums per currency."""

    by: By
    rows: list[RevenueRow]
    totals: dict[str, Figures]


_Found = dict[tuple[str, Any], Figures]


def revenue(business: Business, span: Span, by: By) -> RevenueReport:
    """By currency: months in order, customers and products with the largest net first."""
    readers = {"month": _by_month, "customer": _by_customer, "product": _by_product}
    rows = readers[by](business, span)
    totals: dict[str, Figures] = defaultdict(Figures)
    for row in rows:
        totals[row.currency].add(row.figures)
    return RevenueReport(by, rows, dict(sorted(totals.items())))


def _by_month(business: Business, span: Span) -> list[RevenueRow]:
    """Every month from the first to the last in which anything was posted, in each currency."""
    found: _Found = defaultdict(Figures)
    for (currency, day), figures in _of_documents(business, span, "effective_on").items():
        found[currency, day.replace(day=1)].add(figures)
    months = _months(min(day for _, day in found), max(day for _, day in found)) if found else []
    currencies = sorted({currency for currency, _ in found})
    return [
        RevenueRow(currency, month=month, figures=found.get((currency, month), Figures()))
        for currency in currencies
        for month in months
    ]


def _months(first: date, last: date) -> list[date]:
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    months = range(first.month - 1, first.month - 1 + count)
    return [date(first.year + month // 12, month % 12 + 1, 1) for month in months]


def _by_customer(business: Business, span: Span) -> list[RevenueRow]:
    return _named(_of_documents(business, span, "customer_id"), Customer.objects.of(business))


def _by_product(business: Business, span: Span) -> list[RevenueRow]:
    """What was given up is of whole invoices: no product has a share of it."""
    found: _Found = defaultdict(Figures)
    sums = line_sums(business, span, of_entry=["currency"], of_line=["product_id"])
    for sign, (currency, product), net, tax in sums:
        invoiced, credited = (net, 0) if sign > 0 else (0, net)
        found[currency, product].add(Figures(invoiced=invoiced, credited=credited, tax=sign * tax))
    return _named(found, Product.objects.of(business))


def _named(found: _Found, rows: Any) -> list[RevenueRow]:
    names = {pk: (uuid, name) for pk, uuid, name in rows.values_list("pk", "uuid", "name")} if found else {}
    named = [RevenueRow(code, None, pk, *names.get(pk, (None, "")), figures) for (code, pk), figures in found.items()]
    return sorted(named, key=lambda row: (row.currency, -row.figures.net, row.name, row.pk or 0))


def _of_documents(business: Business, span: Span, key: str) -> _Found:
    """Figures by currency and a column of the entry."""
    invoice, credit_note = _KIND.INVOICE.value, _KIND.CREDIT_NOTE.value
    given_up = of_kind(_KIND.WRITE_OFF)
    wanted = of_kind(invoice) | of_kind(credit_note) | given_up
    rows = entries(business, span).filter(wanted).values_list("currency", key)
    sums = rows.annotate(
        invoiced=sum_of("invoice__subtotal_minor", invoice),
        credited=sum_of("credit_note__subtotal_minor", credit_note),
        tax=sum_of("invoice__tax_minor", invoice),
        tax_credited=sum_of("credit_note__tax_minor", credit_note),
        written_off=Sum("amount_minor", filter=given_up, default=0),
    )
    found: _Found = {}
    for currency, value, invoiced, credited, tax, tax_credited, written_off in sums:
        found[currency, value] = Figures(int(invoiced), int(credited), int(tax) - int(tax_credited), -int(written_off))
    return found
