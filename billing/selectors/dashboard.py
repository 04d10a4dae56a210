"""The figures of the dashboard: what is owed, late, collected and in draft, per currency; the latest invoices, events and proof."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import Count, Q, QuerySet, Sum

from billing.models import BooksCheck, Invoice, Payment
from businesses.models import Business
from customers.models import CustomerBalance
from invoicing.lib import clock
from webhooks.models import Event

MONTHS = 12
BUCKETS = ("current", "1_30", "31_60", "61_90", "over_90")

# Where adding up takes longer than SLOW seconds (a business with hundreds of thousands of invoices), figures may be
# older than the latest event, so that adding up takes at most a twentieth of the time.
SLOW, SHARE, OLDEST = 0.25, 20, 60


@dataclass(slots=True)
class Month:
    """What was invoiced and collected in a calendar month, in minor units; cancelled invoices and drafts count for nothing."""

    start: date
    invoiced_minor: int = 0
    collected_minor: int = 0


@dataclass(slots=True)
class Figures:
    """A business in one currency; amounts in minor units."""

    currency: str
    months: list[Month]
    outstanding_minor: int = 0
    credit_minor: int = 0
    overdue_minor: int = 0
    overdue_count: int = 0
    open_count: int = 0
    draft_minor: int = 0
    draft_count: int = 0
    collected_minor: int = 0  # in the last 30 days
    collected_count: int = 0
    ageing: dict[str, int] = field(default_factory=lambda: dict.fromkeys(BUCKETS, 0))

    @property
    def collected_this_month_minor(self) -> int:
        """Since the first of the month."""
        return self.months[-1].collected_minor


@dataclass(frozen=True, slots=True)
class Dashboard:
    """Figures of every currency that the business has used, its own first, as of a moment."""

    as_of: datetime
    currencies: dict[str, Figures]


def dashboard_of(business: Business) -> Dashboard:
    """The figures as of the latest event, or, where adding up is slow, of at most a minute ago."""
    newest = Event.objects.of(business).order_by("-pk").values_list("pk", flat=True).first()
    today = clock.today(business.time_zone)
    key = f"dashboard:{business.uuid}:{business.currency}:{today}"
    kept = cache.get(key)
    if kept is not None:
        stamp, until, dashboard = kept
        if stamp == newest or clock.now() < until:
            return dashboard  # type: ignore[no-any-return]
    began = time.perf_counter()
    dashboard = _add_up(business, today)
    took = time.perf_counter() - began
    until = clock.later(seconds=min(took * SHARE, OLDEST) if took > SLOW else 0)
    # Never longer than a minute: of two transactions the one with the earlier event may commit last.
    cache.set(key, (newest, until, dashboard), timeout=OLDEST)
    return dashboard


def latest_invoices(business: Business, count: int = 8) -> QuerySet[Invoice]:
    """The newest invoices with their customers."""
    return Invoice.objects.of(business).live().select_related("customer").order_by("-pk")[:count]


def latest_events(business: Business, count: int = 8) -> list[dict[str, Any]]:
    """The newest events: type, data as text, actor, created_at."""
    rows = Event.objects.of(business).exclude(type="webhook.test").order_by("-pk")
    return [dict(row) for row in rows.values("pk", "type", "data", "actor", "created_at")[:count]]


def latest_books_check(business: Business) -> BooksCheck | None:
    """The newest proof of the books; None where none was made yet."""
    return BooksCheck.objects.of(business).order_by("-pk").first()


# Adding up -------------------------------------------------------------------------------------------------------------
def _add_up(business: Business, today: date) -> Dashboard:
    starts = _month_starts(today)
    found: dict[str, Figures] = {}

    def of(currency: str) -> Figures:
        return found.setdefault(currency, Figures(currency, [Month(start) for start in starts]))

    of(business.currency)
    for row in _balances(business):
        of(row["currency"]).outstanding_minor = row["outstanding"]
        of(row["currency"]).credit_minor = row["credit"]
    for row in _open(business, today):
        _age(of(row["currency"]), row)
    for row in _drafts(business):
        of(row["currency"]).draft_minor, of(row["currency"]).draft_count = row["total"] or 0, row["count"]
    for row in _invoiced(business, starts[0]):
        of(row["currency"]).months[_index(row["issue_date"], starts)].invoiced_minor += row["total"]
    for row in _collected(business, starts[0]):
        _collect(of(row["currency"]), row, starts, today)
    others = sorted((code for code in found if code != business.currency), key=lambda code: _weight(found[code]))
    return Dashboard(clock.now(), {code: found[code] for code in [business.currency, *others]})


def _weight(figures: Figures) -> tuple[int, str]:
    return (-figures.open_count - figures.collected_count, figures.currency)


def _month_starts(today: date) -> list[date]:
    months = [today.year * 12 + today.month - 1 - back for back in range(MONTHS - 1, -1, -1)]
    return [date(month // 12, month % 12 + 1, 1) for month in months]


def _index(day: date, starts: list[date]) -> int:
    return min((day.year - starts[0].year) * 12 + day.month - starts[0].month, len(starts) - 1)


def _balances(business: Business) -> Iterable[Any]:
    rows = CustomerBalance.objects.of(business).values("currency")
    return rows.annotate(outstanding=Sum("outstanding_minor"), credit=Sum("credit_minor"))


def _open(business: Business, today: date) -> Iterable[Any]:
    """What is due, by days past due; an invoice without a due date is never late."""

    def late(first: int, last: int | None) -> Q:
        bounds = Q(due_date__lte=today - timedelta(days=first))
        return bounds & Q(due_date__gte=today - timedelta(days=last)) if last else bounds

    rows = Invoice.objects.of(business).filter(status__in=Invoice.OPEN).values("currency")
    return rows.annotate(
        count=Count("pk"),
        late_count=Count("pk", filter=Q(due_date__lt=today)),
        current=Sum("due_minor", filter=Q(due_date=None) | Q(due_date__gte=today), default=0),
        late_1_30=Sum("due_minor", filter=late(1, 30), default=0),
        late_31_60=Sum("due_minor", filter=late(31, 60), default=0),
        late_61_90=Sum("due_minor", filter=late(61, 90), default=0),
        late_over_90=Sum("due_minor", filter=late(91, None), default=0),
    )


def _age(figures: Figures, row: dict[str, Any]) -> None:
    figures.open_count, figures.overdue_count = row["count"], row["late_count"]
    figures.ageing = {name: row[name if name == "current" else f"late_{name}"] for name in BUCKETS}
    figures.overdue_minor = sum(figures.ageing.values()) - figures.ageing["current"]


def _drafts(business: Business) -> Iterable[Any]:
    rows = Invoice.objects.of(business).live().filter(status=Invoice.Status.DRAFT).values("currency")
    return rows.annotate(total=Sum("total_minor"), count=Count("pk"))


def _invoiced(business: Business, since: date) -> Iterable[Any]:
    """By day: the database groups by a column it has an index of, and the days become months here."""
    rows = Invoice.objects.of(business).filter(issue_date__gte=since)
    issued = rows.exclude(status__in=[Invoice.Status.DRAFT, Invoice.Status.CANCELLED])
    return issued.order_by().values("currency", "issue_date").annotate(total=Sum("total_minor"))


def _collected(business: Business, since: date) -> Iterable[Any]:
    rows = Payment.objects.of(business).filter(payment_date__gte=since, status=Payment.Status.RECORDED)
    grouped = rows.order_by().values("currency", "payment_date")
    return grouped.annotate(total=Sum("amount_minor"), count=Count("pk"))


def _collect(figures: Figures, row: dict[str, Any], starts: list[date], today: date) -> None:
    day = row["payment_date"]
    figures.months[_index(day, starts)].collected_minor += row["total"]
    if day > today - timedelta(days=30):
        figures.collected_minor += row["total"]
        figures.collected_count += row["count"]
