"""Who owes how much since when, on any day."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.urls import reverse
from unfold.widgets import UnfoldAdminTextInputWidget

from billing.admin.amounts import day as day_text
from billing.admin.amounts import money
from billing.admin.forms import choice, day
from billing.admin.reports import frame
from billing.selectors.reports.ageing import AgeingRow, AgeingWanted, By, ageing, read_buckets
from billing.serializers.reports.ageing import ageing_table
from businesses.membership import AdminRequest
from businesses.models import Business
from businesses.validators import validate_buckets
from invoicing.lib import clock

_BY = [("customer", "Customers"), ("invoice", "Invoices")]
_ORDERS = [("largest", "Largest first"), ("name", "By name")]


class AgeingForm(frame.ReportForm):
    """The day, and where the buckets end."""

    widths = {"on": "w4", "buckets": "w4", "order": "w4"}

    on = day(label="As of")
    buckets = forms.CharField(
        required=False, max_length=60, widget=UnfoldAdminTextInputWidget(), label="Buckets end after (days)"
    )
    order = choice(_ORDERS, label="Order")

    def clean_on(self) -> Any:
        on = self.cleaned_data["on"]
        if on is not None and not 1900 <= on.year <= 9000:
            raise ValidationError("Expected a year from 1900 to 9000.")
        return on

    def clean_buckets(self) -> str:
        text: str = self.cleaned_data["buckets"].replace(" ", "")
        validate_buckets(text)
        return text


def ageing_page(request: AdminRequest) -> HttpResponse:
    """The page, or the whole table as CSV."""
    business = frame.enter(request)
    initial = {"on": clock.today(business.time_zone), "buckets": business.ageing_buckets, "order": "largest"}
    form = AgeingForm(request, initial)
    by: By = "invoice" if request.GET.get("by") == "invoice" else "customer"
    used = frame.currencies(business)
    currency = frame.currency_of(request, business, used)
    every = frame.wants_csv(request)
    wanted = _wanted(request, form, by, currency, every=every)
    report = ageing(business, wanted)
    if every:
        return frame.download(ageing_table(report), f"Ageing-{wanted.on}-{currency}")
    total = next(iter(report.totals), None) or AgeingRow(currency, dict.fromkeys(wanted.columns, 0))
    return frame.show(
        request,
        "ageing",
        "Ageing",
        form,
        currencies=frame.tabs(request, "currency", [(code, code) for code in used], currency),
        by=frame.tabs(request, "by", _BY, by),
        by_invoice=by == "invoice",
        names=[_label(name) for name in wanted.columns],
        rows=[_row(row, business) for row in report.rows],
        total=_amounts(total, business),
        tiles=_tiles(total, business),
        chart=_chart(total, wanted, business),
        turn=frame.turn(request, report.count),
        on=day_text(wanted.on, business),
    )


def _wanted(request: AdminRequest, form: AgeingForm, by: By, currency: str, *, every: bool) -> AgeingWanted:
    return AgeingWanted(
        on=form.asked("on"),
        known_at=clock.now(),
        buckets=read_buckets(form.asked("buckets")),
        by=by,
        currency=currency,
        largest=form.asked("order") == "largest",
        limit=None if every else frame.ROWS,
        offset=0 if every else (frame.page_of(request) - 1) * frame.ROWS,
    )


def _label(name: str) -> str:
    """Not yet due, 1–30 days, Over 90 days, Credit."""
    if name in {"current", "credit"}:
        return "Not yet due" if name == "current" else "Credit"
    over, _, last = name.partition("_")
    return f"Over {last} days" if over == "over" else f"{over}–{last} days"


def _amounts(row: AgeingRow, business: Business) -> dict[str, Any]:
    shown = [money(minor, row.currency, business) if minor else "–" for minor in row.amounts.values()]
    return {"amounts": shown, "balance": money(row.balance, row.currency, business)}


def _row(row: AgeingRow, business: Business) -> dict[str, Any]:
    late = f"{row.days_overdue} day{'' if row.days_overdue == 1 else 's'} late" if row.days_overdue else ""
    return {
        **_amounts(row, business),
        "name": row.name,
        "href": reverse("admin:customers_customer_change", args=[row.customer_id]),
        "number": row.number,
        "invoice": reverse("admin:billing_invoice_change", args=[row.invoice_id]) if row.invoice_id else None,
        "due": day_text(row.due_date, business),
        "late": late,
    }


def _tiles(total: AgeingRow, business: Business) -> list[dict[str, str]]:
    credit, current = total.amounts["credit"], total.amounts["current"]
    late = total.balance - current - credit
    share = f"{late * 100 // (late + current)} % of what is owed" if late + current > 0 else "Nothing is owed"
    figures = [
        ("Balance", total.balance, "What is owed, less credit", ""),
        ("Past due", late, share, "danger" if late else ""),
        ("Not yet due", current, "Or without a due date", ""),
        ("Credit", -credit, "Paid and not applied", "success" if credit else ""),
    ]
    return [
        {"name": name, "amount": money(minor, total.currency, business), "note": note, "tone": tone}
        for name, minor, note, tone in figures
    ]


def _chart(total: AgeingRow, wanted: AgeingWanted, business: Business) -> str:
    """A bar per bucket, the later the redder."""
    names = wanted.columns[:-1]
    reds = ["--iv-late-1", "--iv-late-2", "--iv-late-3", "--iv-late-4"]
    late = [reds[min(index * len(reds) // max(len(names) - 1, 1), 3)] for index in range(len(names) - 1)]
    bars = {"label": "Owed", "data": [total.amounts[name] for name in names], "colours": ["--iv-accent", *late]}
    return frame.chart(business, total.currency, [_label(name) for name in names], [bars])
